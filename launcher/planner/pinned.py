"""Tensors that overrides put somewhere by name: which they are, how large, and what is left to be placed as usual.

llama.cpp searches every tensor's name for each pattern in turn; the first that is found in it decides
(src/llama-model-loader.cpp). Names and sizes are the header's; before one was read they follow from the graph of the
architecture, a layer's bytes spread over its tensors by their elements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from launcher.core.errors import NextStep, UserError
from launcher.core.models import LayerWeights, ModelFacts
from launcher.core.plans import Wishes
from launcher.core.tensor_patterns import CPU, why_refused
from launcher.core.words import joined, listed, say
from launcher.planner.graph.blocks import Place
from launcher.planner.graph.build import EMBEDDING, Shape, elements_of
from launcher.planner.machine_view import GpuView, View
from launcher.planner.memory import block_of, expert_part, kind_of

_OUTPUT = "output.weight"
# The names that POSIX gives to sets of characters, which C++ knows in brackets and Python does not.
_SETS = {"[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:alnum:]": "a-zA-Z0-9", "[:lower:]": "a-z", "[:upper:]": "A-Z"}


@dataclass(frozen=True, slots=True)
class Pin:
    """A tensor that lies where an override says. `gpu`: the machine's GPU; None is the RAM."""

    name: str
    gpu: int | None
    size_bytes: int

    @property
    def block(self) -> int | None:
        """The block that it belongs to."""
        return block_of(self.name)[0]

    @property
    def is_routed(self) -> bool:
        """It holds routed experts."""
        return bool(expert_part(self.name))


@dataclass(frozen=True, slots=True)
class Pins:
    """What the overrides of some wishes hold fast of a model.

    Attributes:
        all: the tensors.
        rest: the model without them.
        gpus: the machine's GPUs that are named.
    """

    all: tuple[Pin, ...]
    rest: ModelFacts
    gpus: frozenset[int]


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of pins on one device: what every token reads, routed experts, and the token table."""

    always: int = 0
    routed: int = 0
    table: int = 0

    @property
    def total(self) -> int:
        """All three."""
        return self.always + self.routed + self.table

    def __add__(self, pin: Pin) -> Held:
        """With one more."""
        size = pin.size_bytes
        if pin.name == EMBEDDING:
            return replace(self, table=self.table + size)
        return replace(self, routed=self.routed + size) if pin.is_routed else replace(self, always=self.always + size)


class Pinned:
    """Pins on the devices of a view.

    Attributes:
        gpus: per GPU of the view.
        host: in RAM.
        named: (name, place of the GPU in the view or -1, bytes) of every pin.
    """

    def __init__(self, pins: Pins | None, view: View) -> None:
        places = {g.index: i for i, g in enumerate(view.gpus)}
        held = [Held()] * (len(places) + 1)
        self._places_of: dict[int, set[int]] = {}
        named: list[tuple[str, int, int]] = []
        for pin in pins.all if pins else ():
            place = -1 if pin.gpu is None else places.get(pin.gpu, -1)
            held[place] += pin
            named.append((pin.name, place, pin.size_bytes))
            if pin.block is not None:
                self._places_of.setdefault(pin.block, set()).add(place)
        self.gpus, self.host, self.named = tuple(held[:-1]), held[-1], tuple(named)

    def crossings(self, blocks: Sequence[tuple[int, int]], besides: range) -> int:
        """Blocks with a pin on another device than their own: an answer goes there and back.

        Args:
            blocks: [first, end) of every GPU of the view.
            besides: blocks that are not counted.
        """
        count = 0
        for block, places in self._places_of.items():
            own = next((i for i, (a, b) in enumerate(blocks) if a <= block < b), -1)
            count += block not in besides and places != {own}
        return count


def pins_of(facts: ModelFacts, wishes: Wishes, gpus: Sequence[GpuView]) -> Pins | None:
    """The tensors that the wishes' overrides name; None where there are no overrides.

    Raises:
        UserError: "bad_wish": a pattern that cannot be used, a device that the machine does not have, or a card where no
            layer may go to one.
    """
    if not wishes.tensor_overrides:
        return None
    rules = [(_compiled(pattern), _gpu_of(device, gpus)) for pattern, device in wishes.tensor_overrides]
    named = frozenset(gpu for _, gpu in rules if gpu is not None)
    if named and wishes.n_gpu_layers == 0:
        why = say("No layer goes to a graphics card, and the engine uses none then.")
        raise _bad(say("Tensors cannot be put on a card alone."), why)
    found: list[Pin] = []
    for name, size in facts.tensors or _guessed(facts):
        gpu = next(([g] for pattern, g in rules if pattern.search(name)), None)
        if gpu is not None and not (block_of(name)[0] or 0) >= facts.hyper.n_layer - facts.hyper.nextn_layers:
            found += _pinned(facts, Pin(name, gpu[0], size))
    return Pins(tuple(found), _without(facts, found), named)


def _pinned(facts: ModelFacts, pin: Pin) -> list[Pin]:
    """The pin, unless nothing moves; a token table that is the output matrix too goes as both, and is held once."""
    if pin.name != EMBEDDING:
        return [pin]
    if facts.tied_bytes:
        return [replace(pin, size_bytes=0), replace(pin, name=_OUTPUT)]
    return [] if pin.gpu is None else [pin]


def _without(facts: ModelFacts, pins: Sequence[Pin]) -> ModelFacts:
    """The model less these tensors; its shape stays."""
    layers = list(facts.layers)
    table, output, tied = facts.token_embd_bytes, facts.output_bytes, facts.tied_bytes
    for pin in pins:
        if pin.block is not None:
            layers[pin.block] = _less(layers[pin.block], pin)
        elif pin.name == EMBEDDING:
            table, tied = 0, 0
        else:
            output -= pin.size_bytes
    return replace(facts, layers=tuple(layers), token_embd_bytes=table, output_bytes=max(0, output), tied_bytes=tied)


def _less(layer: LayerWeights, pin: Pin) -> LayerWeights:
    part, size = expert_part(pin.name), pin.size_bytes
    if not part:
        return replace(layer, always_read_bytes=max(0, layer.always_read_bytes - size))
    sizes = {"up": layer.up_exps_bytes, "gate": layer.gate_exps_bytes, "down": layer.down_exps_bytes}
    sizes[part] = max(0, sizes[part] - size)
    return replace(
        layer,
        routed_expert_bytes=max(0, layer.routed_expert_bytes - size),
        up_exps_bytes=sizes["up"],
        gate_exps_bytes=sizes["gate"],
        down_exps_bytes=sizes["down"],
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    """As C++ reads it.

    Raises:
        UserError: "bad_wish".
    """
    why = why_refused(pattern)
    if not why:
        for name, members in _SETS.items():
            pattern = pattern.replace(name, members)
        try:
            return re.compile(pattern, re.ASCII)
        except (re.error, OverflowError) as error:
            why = str(error)
    raise _bad(say("A tensor override's pattern cannot be used."), joined(f"{pattern[:80]!r}:", why))


def _gpu_of(device: str, gpus: Sequence[GpuView]) -> int | None:
    """The machine's GPU that an override names: as the engine does, as people do, or by its number where the engine was not asked.

    Raises:
        UserError: "bad_wish".
    """
    if device == CPU:
        return None
    for gpu in gpus:
        if device in (gpu.engine_device, gpu.name):
            return gpu.index
    number = re.search(r"\d+$", device)
    if number and int(number.group()) < len(gpus) and not any(g.engine_device for g in gpus):
        return gpus[int(number.group())].index
    known = [g.engine_device or g.name for g in gpus]
    raise _bad(
        say("A tensor override names a device that cannot be used."),
        say("{name} is none of {known}.", name=device[:40], known=listed(*known, CPU)),
    )


def _bad(what: str, why: str) -> UserError:
    return UserError("bad_wish", what, why, (NextStep("Leave it out"),))


@lru_cache(maxsize=8)
def _guessed(facts: ModelFacts) -> tuple[tuple[str, int], ...]:
    """The tensors of a model whose header was not read."""
    h, shape = facts.hyper, Shape(facts.architecture, facts.kv_layout, facts.hyper)
    norm = 4 * h.n_embd
    found = [(EMBEDDING, facts.token_embd_bytes), ("output_norm.weight", norm)]
    if not facts.tied_bytes:
        found.append((_OUTPUT, facts.output_bytes - norm))
    for i, layer in enumerate(facts.layers):
        kind = kind_of(facts.kv_layout, i, Place(0), h.compress_ratios, is_routed=layer.routed_expert_bytes > 0)
        elements = elements_of(shape, kind)
        whole = sum(n for name, n in elements.items() if not expert_part(name)) or 1
        parts = {"up": layer.up_exps_bytes, "gate": layer.gate_exps_bytes, "down": layer.down_exps_bytes}
        for name, n in elements.items():
            part = expert_part(name)
            found.append((f"blk.{i}.{name}", parts[part] if part else layer.always_read_bytes * n // whole))
    return tuple(found)
