"""Tensors that a placement puts somewhere by name: patterns checked before llama.cpp gets them, devices as buffer types.

llama.cpp compiles every pattern anew as a C++ ECMAScript expression for every tensor. One that it cannot compile ends the load
with an error, which is put into words (load_errors.py); what would end or hang the process is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launcher.core.errors import UserError
from launcher.core.tensor_patterns import CPU, why_refused
from launcher.core.words import say
from launcher.engine.worker import load_errors
from launcher.engine.worker.binding import Binding

_MOST = 64


def override_buffers(
    binding: Binding, overrides: Sequence[tuple[str, str]], devices: Mapping[str, int]
) -> list[tuple[bytes, int]]:
    """(pattern, buffer type) pairs for llama.cpp.

    Args:
        binding: the libraries.
        overrides: of the placement.
        devices: handles of the graphics devices that the load uses, by name. A tensor on any other would have nobody to compute it.

    Raises:
        UserError: "bad_placement" for a pattern, "device_missing" for a device.
    """
    if len(overrides) > _MOST:
        raise UserError(
            "bad_placement",
            "There are too many tensor overrides.",
            say(
                "{n} are given; {most} can be. One pattern may name many tensors: {example}",
                n=len(overrides),
                most=_MOST,
                example="blk\\.(1|2|3)\\.ffn_up",
            ),
        )
    found: list[tuple[bytes, int]] = []
    for pattern, device in overrides:
        if why := why_refused(pattern):
            raise load_errors.bad_pattern(pattern, why)
        if device == CPU:
            found.append((pattern.encode(), binding.cpu_buffer_type))
        elif device in devices:
            found.append((pattern.encode(), binding.device_buffer_type(devices[device])))
        else:
            raise load_errors.override_device_missing(pattern, device, [*devices, CPU])
    return found
