"""What can draft for a model, and the draft that a wish names: as a file of this computer, with its place. Without Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import DraftModel
from launcher.core.machine import Machine
from launcher.core.models import KvLayout, ModelFacts, Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.words import say

# As llama.cpp's common/speculative.cpp allows: the padding of an embedding table counts as tokens.
_MOST_VOCABULARY_DIFFERENCE = 128
# Guesses have to cost little beside the model's own step: with half its size even right ones gain hardly anything.
_LEAST_TIMES_SMALLER = 4


@dataclass(frozen=True, slots=True)
class DraftChoice:
    """A model of the catalog that can draft for another one.

    Attributes:
        model: its id.
        quant: of the file here; where none is here, of the one to download. `repo` and `file_bytes` likewise.
        path: the file; "" when it is not installed.
    """

    model: str
    name: str
    quant: str
    repo: str
    file_bytes: int
    path: str = ""

    @property
    def source(self) -> str:
        """As `Wishes.draft` names it: one that is not here can be planned all the same."""
        return self.path or self.model

    @property
    def key(self) -> tuple[str, str, str]:
        """Its row in the table of models."""
        return self.model, self.quant, self.repo

    @property
    def download_key(self) -> str:
        """As `DownloadRequest.key`."""
        return f"{self.repo}::{self.quant}"


def draft_choices(
    model: Variant, catalog: Iterable[Variant], installed: Iterable[Installed]
) -> tuple[DraftChoice, ...]:
    """Who can draft for a model: made from the same base, with the same vocabulary, and much smaller.

    The engine compares the vocabularies word by word when both are loaded. Installed ones come first, then by size.

    Args:
        model: also one outside the catalog, where it is another file of a model that is in it.
        catalog: every model that may draft.
        installed: what is on the disk.
    """
    known, here = tuple(catalog), tuple(installed)
    family = next((v.family for v in known if v.hf_repo == model.hf_repo), model.family)
    able = sorted((v for v in known if v.family == family and _can_draft(v, model)), key=lambda v: v.params_active)
    return tuple(sorted((_choice(v, here) for v in able), key=lambda c: not c.path))


def _can_draft(small: Variant, large: Variant) -> bool:
    a, b = _facts(small), _facts(large)
    return (
        small.loadable
        and a is not None
        and b is not None
        and a.architecture == b.architecture
        and abs(a.hyper.n_vocab - b.hyper.n_vocab) <= _MOST_VOCABULARY_DIFFERENCE
        and small.params_active * _LEAST_TIMES_SMALLER <= large.params_active
        and small.params_total * _LEAST_TIMES_SMALLER <= large.params_total
        and _can_go_back(b)
    )


def _can_go_back(facts: ModelFacts) -> bool:
    """A cache with a sliding window, or one that sums tokens up, cannot drop the guesses that did not come true."""
    return not facts.hyper.sliding_window and facts.kv_layout is not KvLayout.COMPRESSED


def _facts(variant: Variant) -> ModelFacts | None:
    return next((q.facts for q in variant.quants if q.loadable and q.facts is not None), None)


def _choice(variant: Variant, installed: tuple[Installed, ...]) -> DraftChoice:
    from launcher.planner.draft import usual_quant

    file = _smallest(variant, installed)
    if file is not None:
        return DraftChoice(variant.id, variant.short_name, file.quant, file.repo or "", file.size_bytes, file.path)
    quant = usual_quant(variant)
    return DraftChoice(variant.id, variant.short_name, quant.name, quant.repo, quant.file_bytes)


def _smallest(variant: Variant, installed: Iterable[Installed]) -> Installed | None:
    """Its file here; of several the smallest: a draft only has to be quick."""
    return min((e for e in installed if e.model == variant.id), key=lambda e: e.size_bytes, default=None)


def has_own_layers(facts: ModelFacts) -> bool:
    """Whether the engine can draft with the file's own prediction layers (MTP)."""
    from launcher.planner.draft import can_draft_itself

    return can_draft_itself(facts)


def with_file(wishes: Wishes) -> Wishes:
    """The wishes with the draft's installed file in place of its name: what is planned is then what will be loaded.

    Raises:
        UserError: "unknown_model"; "not_installed": there is no file of it here; or why the file cannot be read.
    """
    if wishes.draft is None:
        return wishes
    from launcher.planner.draft import source_of

    path = wishes.draft if Path(wishes.draft).suffix == ".gguf" else _installed_file(wishes.draft)
    source_of(path)
    return replace(wishes, draft=path)


def _installed_file(name: str) -> str:
    from launcher import catalog
    from launcher.downloads.library import scan as library

    variant = catalog.load().find(name)
    found = _smallest(variant, library.installed())
    if found is None:
        raise UserError(
            "not_installed",
            say("{name}, which was to draft, is not installed.", name=variant.name),
            say("A draft model is loaded from a file on this computer."),
            (NextStep(f"Download it: launcher download {name}"),),
        )
    return found.path


def draft_model(machine: Machine, wishes: Wishes, plan: Plan) -> DraftModel | None:
    """The draft of wishes that name a file, placed where `plan` has kept room for it; None for no draft.

    Raises:
        UserError: the file cannot be read.
    """
    if wishes.draft is None:
        return None
    from launcher.planner.draft import source_of
    from launcher.planner.plans import prepared

    source = source_of(wishes.draft)
    _, draft = prepared(machine, wishes, plan.context)
    assert draft is not None  # noqa: S101 - the wishes name one
    return DraftModel(wishes.draft, source.name, source.quant, draft.placement(plan.placement))
