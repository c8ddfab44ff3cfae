"""What the table shows, as values: one row per model and one per file set, matched with plans and installed files."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.catalog import NotOffered
from launcher.core.downloads import Installed
from launcher.core.models import Family, QuantQuality, Variant
from launcher.core.plans import Plan
from launcher.planner import points
from launcher.services.drafts import DraftChoice, draft_choices
from launcher.services.linked import LINKED_FAMILY
from launcher.services.local_files import file_model, file_of
from launcher.ui.models.fit import runs

_UNKNOWN = QuantQuality("unknown")


@dataclass(frozen=True, slots=True)
class SizeRow:
    """One file set of a model ("Q4_K_M of unsloth").

    Attributes:
        model: the variant's id; for a file outside the catalog the library's name of it.
        why_not: why this engine cannot load it; "" when it can.
        file_bytes: 0 where nobody published the size (file sets that are not offered).
        publisher: shown where one model has two file sets of the same name; "" otherwise.
    """

    model: str
    quant: str
    repo: str
    file_bytes: int
    bits: float | None = None
    quality: QuantQuality = _UNKNOWN
    why_not: str = ""
    publisher: str = ""
    plan: Plan | None = None
    installed: Installed | None = None
    is_recommended: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifies the row."""
        return self.model, self.quant, self.repo

    @property
    def download_key(self) -> str:
        """As `DownloadRequest.key`."""
        return f"{self.repo}::{self.quant}"

    @property
    def can_be_fetched(self) -> bool:
        """It is on the hub; from another server it can only be planned."""
        return bool(self.repo) and "://" not in self.repo

    @property
    def is_running(self) -> bool:
        """It runs on this PC."""
        return self.plan is not None and runs(self.plan)

    @property
    def points(self) -> float:
        """For the order of rows: the planner's judgement."""
        return points(self.plan) if self.plan else 0.0


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model with its file sets, smallest first. `variant` is None for files that the catalog does not know.

    Attributes:
        drafts: smaller models that can draft for it.
    """

    id: str
    name: str
    short_name: str
    variant: Variant | None
    sizes: tuple[SizeRow, ...]
    why_not: str = ""
    drafts: tuple[DraftChoice, ...] = ()

    @property
    def running(self) -> tuple[SizeRow, ...]:
        """The file sets that run on this PC."""
        return tuple(size for size in self.sizes if size.is_running)

    @property
    def installed(self) -> tuple[SizeRow, ...]:
        """The file sets on the disk."""
        return tuple(size for size in self.sizes if size.installed)

    @property
    def tags(self) -> tuple[str, ...]:
        """The variant's tags."""
        return self.variant.tags if self.variant else ()

    def best(self, sizes: tuple[SizeRow, ...]) -> SizeRow | None:
        """The recommended one of these, else the one with the most points."""
        return max(sizes, key=lambda size: (size.is_recommended, size.points), default=None)


def build(
    families: tuple[Family, ...],
    plans: tuple[Plan, ...],
    installed: tuple[Installed, ...],
    recommended: Plan | None,
    not_offered: tuple[NotOffered, ...] = (),
    files: tuple[Variant, ...] = (),
) -> tuple[ModelRow, ...]:
    """Match everything that is known; models stay in the catalog's order, files outside it come last.

    Args:
        families: the catalog, and models from links.
        plans: of all sizes.
        installed: what is on the disk.
        recommended: the planner's choice.
        not_offered: file sets that are listed with their reason.
        files: what the headers of installed files outside the catalog say.
    """
    plan_of = {(p.model, p.quant, p.repo): p for p in plans}
    special = (recommended.model, recommended.quant, recommended.repo) if recommended else None
    left = list(installed)
    catalog = tuple(v for family in families if family.id != LINKED_FAMILY for v in family.variants)
    rows: list[ModelRow] = []
    for variant in (v for family in families for v in family.variants):
        names = [q.name for q in variant.quants]
        sizes: list[SizeRow] = []
        for quant in variant.quants:
            found = file_of(left, variant.id, quant)
            if found is not None:
                left.remove(found)
            key = (variant.id, quant.name, quant.repo)
            sizes.append(
                SizeRow(
                    *key,
                    quant.file_bytes,
                    quant.bits_per_weight,
                    quant.quality,
                    variant.why_not or ("" if quant.loadable else quant.why_not),
                    quant.repo.split("/")[0] if names.count(quant.name) > 1 else "",
                    plan_of.get(key),
                    found,
                    key == special,
                )
            )
        sizes += (
            SizeRow(item.model, item.name, item.repo, item.size_bytes or 0, why_not=item.why)
            for item in not_offered
            if item.model == variant.id
        )
        sizes.sort(key=lambda size: size.file_bytes)
        names_of = variant.id, variant.name, variant.short_name
        drafts = draft_choices(variant, catalog, installed)
        rows.append(ModelRow(*names_of, variant, tuple(sizes), variant.why_not, drafts))
    by_id = {variant.id: variant for variant in files}
    for item in left:
        described = by_id.get(file_model(item.path))
        drafts = draft_choices(described, catalog, installed) if described else ()
        rows.append(_file(item, described, plan_of, drafts))
    return tuple(rows)


def _file(
    item: Installed,
    variant: Variant | None,
    plan_of: dict[tuple[str, str, str], Plan],
    drafts: tuple[DraftChoice, ...],
) -> ModelRow:
    """A file outside the catalog; without a plan where its header has not been read or says nothing."""
    if variant is None:
        size = SizeRow(item.model, item.quant, item.repo or "", item.size_bytes, installed=item)
    else:
        quant = variant.quants[0]
        key = (variant.id, quant.name, quant.repo)
        size = SizeRow(*key, item.size_bytes, quant.bits_per_weight, plan=plan_of.get(key), installed=item)
    # The path tells two files of the same name apart.
    return ModelRow(file_model(item.path), item.name, item.name, variant, (size,), drafts=drafts)
