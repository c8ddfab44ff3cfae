"""What the client asks of the worker. Every operation has an id, which its events carry; see protocol.py."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.generation import ChatTurn, GenerateRequest, LoadRequest
from launcher.core.plans import Placement


@dataclass(frozen=True, slots=True)
class Load:
    """Load a model.

    Attributes:
        use_extra_bufts: None lets the worker decide (see worker/processor.py).
        threads: measured here before for a model of this size; 0 lets the worker measure where it is in doubt and the
            placement leaves it open (worker/threads.py).
    """

    id: int
    request: LoadRequest
    use_extra_bufts: bool | None = None
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Generate:
    """Make one answer."""

    id: int
    request: GenerateRequest


@dataclass(frozen=True, slots=True)
class CountTokens:
    """How much of the context a conversation would take, template included."""

    id: int
    turns: tuple[ChatTurn, ...]
    thinking: bool = True


@dataclass(frozen=True, slots=True)
class DryRun:
    """Say what each placement would take, without reading weights or taking memory for them.

    Attributes:
        path: the file or first shard; its tensor data may be a hole.
        name: what to call the model in an error.
        gpus: names of GPUs that this computer does not have: stand-ins are used. None uses the engine's own devices.
        use_extra_bufts: as in `Load`.
    """

    id: int
    path: str
    name: str
    placements: tuple[Placement, ...]
    gpus: tuple[str, ...] | None = None
    use_extra_bufts: bool | None = None


@dataclass(frozen=True, slots=True)
class ComputeLogits:
    """Load small models one after the other and say what they compute; a device check compares that between devices.

    Attributes:
        requests: files without a vocabulary; each one's name comes back with its logits.
        n_prompt: tokens read in one batch first; all tokens follow from their position.
        n_single: tokens then read one by one.
        use_extra_bufts: as in `Load`.
    """

    id: int
    requests: tuple[LoadRequest, ...]
    n_prompt: int
    n_single: int
    use_extra_bufts: bool | None = None


@dataclass(frozen=True, slots=True)
class SaveStates:
    """Write the KV state of every conversation that asked for it and is not on the disk as it is; StatesSaved answers."""

    id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End operation `id` as soon as possible, whether it runs or still waits."""

    id: int
