"""Which of two plans is the better one: the judgement behind every list, order and recommendation.

Quality of a plan is the model's score (catalog/scores.py) less the loss of its quantisation. Only well-kept files may
stand for their model: at most 3 % loss where it was measured on the model itself, 1.5 % where it is carried over from
another (low bits hurt small distils more, arXiv 2504.04823). A heavily squeezed giant is not believed to beat a well-kept
smaller model. Balance weighs quality with comfort: a model that thinks first feels free from 12 tokens/s on, one that
answers at once from 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from launcher.core.models import Thinking
from launcher.core.plans import Goal, Plan

COMFORT_THINKING_TOKENS_S, COMFORT_TOKENS_S = 12.0, 6.0
# Standard mixtures are the ones most used and best tested: they win where the rest is level.
STANDARD_QUANTS = frozenset({"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"})
_STANDARD_FACTOR = 1.025
_MEASURED_LOSS, CARRIED_LOSS, _UNKNOWN_LOSS = 0.03, 0.015, 0.05
_COMFORT_EXPONENT, _ROOM_EXPONENT, _SPEED_EXPONENT = 0.25, 0.05, 0.005
_GOOD_CONTEXT = 16_384
# In a list a squeezed file is behind the well-kept ones, a model without any published test behind most.
_SQUEEZED_FACTOR, _UNSCORED = 0.6, 20.0
# A GB of download costs so many points: of files without loss the one that one would fetch comes first.
_POINTS_PER_GB = 0.02


@dataclass(frozen=True, slots=True)
class Standing:
    """What the judgement looks at.

    Attributes:
        score: of the model, 0-100; None when nothing is published.
        loss: fraction that the quantisation loses; None when unknown.
        is_measured: on this very model.
        thinks: it reasons before it answers, or may.
        speed: tokens per second while answering.
        context: tokens.
    """

    score: float | None
    loss: float | None
    is_measured: bool
    quant: str
    thinks: bool
    params_total: int
    file_bytes: int
    speed: float
    context: int

    @property
    def expected_loss(self) -> float:
        """The loss, with what to expect where it is not known."""
        return self.loss if self.loss is not None else _UNKNOWN_LOSS

    @property
    def quality(self) -> float:
        """Score less the loss; 0 for a model without any published test."""
        return (self.score or 0.0) * (1 - self.expected_loss)

    @property
    def is_well_kept(self) -> bool:
        """Little enough is lost, and that is known well enough, to stand for the model."""
        return self.expected_loss <= (_MEASURED_LOSS if self.is_measured else CARRIED_LOSS)

    @property
    def worth(self) -> float:
        """Quality for ranking files: standard mixtures are trusted a little more."""
        return self.quality * (_STANDARD_FACTOR if self.quant in STANDARD_QUANTS else 1.0)

    @property
    def comfort(self) -> float:
        """1 where the speed is no bother, towards 0 where one waits."""
        return min(1.0, self.speed / (COMFORT_THINKING_TOKENS_S if self.thinks else COMFORT_TOKENS_S))

    @property
    def balance(self) -> float:
        """Quality times comfort; a short context and, barely, speed beyond comfort count too."""
        room = min(1.0, self.context / _GOOD_CONTEXT)
        return self.worth * self.comfort**_COMFORT_EXPONENT * room**_ROOM_EXPONENT * self.speed**_SPEED_EXPONENT


def standing_of(plan: Plan) -> Standing:
    """A finished plan as the judgement sees it."""
    return Standing(
        plan.quality.score,
        plan.quality.loss,
        plan.quality.is_measured,
        plan.quant,
        plan.thinking not in (None, Thinking.NEVER),
        plan.params_total,
        plan.file_bytes,
        plan.speed.decode_tokens_s,
        plan.context,
    )


def points(plan: Plan) -> float:
    """How good a plan is for an order of files and models, about 0 to 100; 0 when it does not run here.

    The score after the quantisation's loss, times how comfortable the speed is; standard mixtures are trusted a little
    more, squeezed files a good deal less, and a large download costs a little.
    """
    if not plan.fits:
        return 0.0
    s = standing_of(plan)
    score = _UNSCORED if s.score is None else s.score
    trust = (_STANDARD_FACTOR if s.quant in STANDARD_QUANTS else 1.0) * (1.0 if s.is_well_kept else _SQUEEZED_FACTOR)
    return score * (1 - s.expected_loss) * s.comfort**_COMFORT_EXPONENT * trust - _POINTS_PER_GB * s.file_bytes / 1e9


def rank_plans(plans: Iterable[Plan], goal: Goal = Goal.BALANCED) -> tuple[Plan, ...]:
    """Plans of any models in the order in which one would offer them for a goal, the best first.

    Those that run in memory come before those that page from the disk, then those that do not fit, the least missing
    first. For every goal but "biggest" a well-kept file comes before a squeezed one.
    """

    def key(plan: Plan) -> tuple[float, ...]:
        s = standing_of(plan)
        runs = (2.0 if not plan.paged_bytes else 1.0) if plan.fits else 0.0
        kept = float(s.is_well_kept and s.quality > 0)
        wanted = {
            Goal.BALANCED: (kept, points(plan)),
            Goal.SMARTEST: (kept, s.worth, s.speed),
            Goal.FASTEST: (kept, s.speed),
            Goal.LONGEST_CONTEXT: (kept, float(s.context), points(plan)),
            Goal.BIGGEST: (float(s.params_total), s.quality, s.speed),
        }[goal]
        return (runs, -float(plan.missing_bytes), *wanted)

    return tuple(sorted(plans, key=key, reverse=True))
