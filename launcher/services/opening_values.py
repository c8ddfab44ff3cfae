"""What an opening is asked for and what it answers: values of opening.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from launcher.core.errors import UserError
from launcher.core.generation import DraftModel, LoadRequest
from launcher.core.machine import Machine
from launcher.core.models import Sampling, Variant
from launcher.core.plans import Plan, Wishes, layers_on_gpu
from launcher.core.units import rate
from launcher.core.words import listed, say


class Stage(Enum):
    """What is being done before the load."""

    PLANNING = "planning"
    CHECKING = "checking"
    STEPPING_DOWN = "stepping_down"


class OpeningStopped(UserError):  # noqa: N818 - not an error: somebody asked for it
    """`Opening.stop` was called; nobody needs to be told."""

    def __init__(self) -> None:
        super().__init__("opening_stopped", "The load was cancelled.")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What is to be opened.

    Attributes:
        path: the file or the first shard.
        name: what to call it; "" takes what its header and the catalog say. `quant` likewise.
        model: the catalog's id and `repo` the hub's, where they are known.
        expected: the plan that the user saw when asking for this, made with the same wishes.
        draft: a small model to load beside it; the first thing to be given up.
    """

    path: str
    wishes: Wishes = field(default_factory=Wishes)
    name: str = ""
    quant: str = ""
    model: str = ""
    repo: str = ""
    expected: Plan | None = None
    draft: DraftModel | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A load to ask the engine for.

    Attributes:
        plan: what it will take; `memory.source` is "engine" where the dry run verified it.
        intended: the plan that it would have been with the memory that was thought to be there.
        steps: what was given up on the way and why, in order; () when all is as intended.
        unverified: why the engine did not verify the plan; "" when it did.
    """

    request: LoadRequest
    plan: Plan
    intended: Plan
    machine: Machine
    variant: Variant | None
    steps: tuple[str, ...] = ()
    unverified: str = ""

    @property
    def is_fallback(self) -> bool:
        """It was meant for a graphics card and is left to the processor."""
        return self.intended.placement.n_gpu_layers > 0 and self.plan.placement.n_gpu_layers == 0

    @property
    def fallback_words(self) -> str:
        """The fallback with its price."""
        plan, n = self.intended, self.intended.n_layer
        cards = listed(*(d.name for d in plan.memory.devices if d.kind == "gpu"))
        return say(
            "The processor does all the work, not {card}: planned were {layers} of {all} layers there and {before} tokens/s; "
            "now {now} tokens/s are likely.",
            card=cards,
            layers=layers_on_gpu(plan.placement.n_gpu_layers, n),
            all=n,
            before=rate(plan.speed.decode_tokens_s),
            now=rate(self.plan.speed.decode_tokens_s),
        )

    @property
    def sampling(self) -> Sampling:
        """The family's recommended values."""
        return self.variant.sampling if self.variant else Sampling()
