"""Tensors that a placement puts somewhere by name: patterns checked before llama.cpp gets them, devices as buffer types.

llama.cpp compiles every pattern anew as a C++ ECMAScript expression for every tensor. One that it cannot compile ends the load
with an error, which is put into words (load_errors.py); what would end or hang the process is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launcher.core.errors import UserError
from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.worker import load_errors
from launcher.engine.worker.binding import Binding

CPU = "CPU"
_MOST = 64
_LONGEST = 1000
_DEEPEST = 20  # C++ compiles and matches groups by recursion


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
        _check(pattern)
        if device == CPU:
            found.append((pattern.encode(), binding.cpu_buffer_type))
        elif device in devices:
            found.append((pattern.encode(), binding.device_buffer_type(devices[device])))
        else:
            raise load_errors.override_device_missing(pattern, device, [*devices, CPU])
    return found


def _check(pattern: str) -> None:
    """Refuse what is sure to be a mistake, and what C++ would follow into the end of its stack or of time.

    Raises:
        UserError: "bad_placement".
    """
    if not pattern or "\0" in pattern:
        why = say("It has a zero character.") if pattern else say("It is empty.")
        raise load_errors.bad_pattern(pattern, why)
    if len(pattern) > _LONGEST:
        n, most = whole(len(pattern)), whole(_LONGEST)
        raise load_errors.bad_pattern(pattern, say("It has {n} characters; {most} are allowed.", n=n, most=most))
    depth, is_nested = _groups(pattern)
    if depth > _DEEPEST:
        why = say("Its groups are nested {n} deep; {most} are allowed.", n=depth, most=_DEEPEST)
        raise load_errors.bad_pattern(pattern, why)
    if is_nested:
        raise load_errors.bad_pattern(
            pattern, say("It repeats a group that has a repetition in it, which may be tried forever.")
        )


def _groups(pattern: str) -> tuple[int, bool]:
    """How deep groups are nested, and whether one with a repetition in it is repeated.

    Raises:
        UserError: "bad_placement": brackets do not match.
    """
    stack: list[bool] = []  # of every open group: whether it holds a repetition
    depth, is_nested, i = 0, False, 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            i += 2
            continue
        if char == "[":
            i = _end_of_class(pattern, i)
        elif char == "(":
            stack.append(False)
            depth = max(depth, len(stack))
        elif char == ")":
            if not stack:
                raise load_errors.bad_pattern(pattern, say("A ')' closes nothing."))
            holds = stack.pop()
            is_repeated = pattern[i + 1 : i + 2] in ("*", "+", "{")
            is_nested |= holds and is_repeated
            if stack:
                stack[-1] |= holds or is_repeated
        elif char in "*+{" and stack:
            stack[-1] = True
        i += 1
    if stack:
        raise load_errors.bad_pattern(pattern, say("A '(' is not closed."))
    return depth, is_nested


def _end_of_class(pattern: str, start: int) -> int:
    """Index of the ']' that ends a character class."""
    i = start + 1
    while i < len(pattern):
        if pattern[i] == "\\":
            i += 2
            continue
        if pattern[i] == "[" and pattern[i + 1 : i + 2] in (":", ".", "="):
            i = max(i, pattern.find("]", i + 1))
        elif pattern[i] == "]":
            return i
        i += 1
    raise load_errors.bad_pattern(pattern, say("A '[' is not closed."))
