"""Files with the placements found for them: what the roles of a recommendation are chosen from."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import Quant, Thinking, Variant
from launcher.core.plans import Wishes
from launcher.planner import plans
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View
from launcher.planner.ranking import Standing
from launcher.planner.search import Found, search

# Tokens per second below which nobody waits for an answer.
_SLOWEST = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quantisation with the placement found for it. `standing`: how it is judged."""

    variant: Variant
    quant: Quant
    loader: Loader
    found: Found
    standing: Standing

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.found.decode_tokens_s

    @property
    def context(self) -> int:
        """Tokens."""
        return self.found.layout.setting.n_ctx

    @property
    def runs(self) -> bool:
        """In memory, at a speed one can wait for."""
        return self.found.fits and not self.found.disk_s and self.speed >= _SLOWEST


@dataclass(frozen=True, slots=True)
class Shop:
    """Where candidates are made.

    Attributes:
        seen: the machine.
        wishes: of all roles.
        disk_bytes: free on the disk; None when unknown.
        installed: (model, quantisation) that need no download.
    """

    seen: View
    wishes: Wishes
    disk_bytes: int | None
    installed: frozenset[tuple[str, str]]

    def offered(self, variant: Variant) -> list[Quant]:
        """Files that the engine can load, the smallest first."""
        return [q for q in variant.quants if q.loadable and q.facts is not None] if variant.loadable else []

    def has_room(self, variant: Variant, quant: Quant) -> bool:
        """The file is here, or the disk has room for it."""
        is_here = (variant.id, quant.name) in self.installed
        return is_here or self.disk_bytes is None or quant.file_bytes <= self.disk_bytes

    def may_fit(self, variant: Variant, quant: Quant) -> bool:
        """Neither memory nor disk is too small for the file alone."""
        return quant.file_bytes <= self.seen.room_bytes and self.has_room(variant, quant)

    def candidate(self, variant: Variant, quant: Quant, *, is_exact: bool = False) -> Candidate:
        """The file, placed."""
        loader = plans.loader_of(plans.item_of(variant, quant), self.seen, self.wishes)
        return self.placed(variant, quant, loader, self.wishes, is_exact=is_exact)

    def placed(
        self, variant: Variant, quant: Quant, loader: Loader, wishes: Wishes, *, is_exact: bool = False
    ) -> Candidate:
        """The file placed under other wishes."""
        found = search(loader, wishes, is_exact=is_exact)
        standing = Standing(
            variant.score,
            quant.quality.loss,
            quant.quality.measured,
            quant.name,
            variant.thinking is not Thinking.NEVER,
            variant.params_total,
            quant.file_bytes,
            found.decode_tokens_s,
            found.layout.setting.n_ctx,
        )
        return Candidate(variant, quant, loader, found, standing)


def hoped_quality(variant: Variant, quant: Quant) -> float:
    """Quality of a file that has not been placed yet."""
    q = quant.quality
    return Standing(variant.score, q.loss, q.measured, quant.name, False, 0, 0, 0.0, 0).worth


def is_well_kept(quant: Quant) -> bool:
    """The file may stand for its model: little is lost."""
    q = quant.quality
    return Standing(None, q.loss, q.measured, quant.name, False, 0, 0, 0.0, 0).is_well_kept
