"""Engine packs as the rest of the program sees them: what there is, what is in use, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AUTO = "auto"
BUILT_IN = "built-in"
"""The name of the libraries that came with the binding (always there when the program runs from source)."""
GIVEN = "LLAMA_CPP_LIB_PATH"
"""Variable with a folder of libraries that wins over all packs; also the name of that folder as a pack."""


class PackUse(StrEnum):
    """What became of a pack."""

    IN_USE = "in use"
    READY = "ready"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PackState:
    """One pack on this computer.

    Attributes:
        name: as `engine.pack` in the settings names it ("cpu", "vulkan", "cuda-12", "built-in").
        backends: ggml backends in it, lower case ("cpu", "rpc", "vulkan", "cuda", "rocm", "metal").
        reason: a sentence: why it is skipped, why it was chosen, or what was preferred to it.
        folder: where its libraries lie.
        version: of llama-cpp-python that it belongs to; "" unknown.
        bytes: of all its libraries.
    """

    name: str
    backends: tuple[str, ...]
    use: PackUse
    reason: str
    folder: str
    version: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class PackChoice:
    """All packs, best first. `wanted` is the setting: `AUTO` or a name, which need not exist."""

    wanted: str
    packs: tuple[PackState, ...]

    @property
    def in_use(self) -> PackState | None:
        """The one that workers get; None when no libraries were found at all."""
        return next((p for p in self.packs if p.use is PackUse.IN_USE), None)
