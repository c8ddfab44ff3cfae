"""The draft model that a wish names, as a file of this computer and with its place beside a planned model. Without Qt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import DraftModel
from launcher.core.machine import Machine
from launcher.core.plans import Plan, Wishes
from launcher.core.words import say


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
    found = [e for e in library.installed() if e.model == variant.id]
    if not found:
        raise UserError(
            "not_installed",
            say("{name}, which was to draft, is not installed.", name=variant.name),
            say("A draft model is loaded from a file on this computer."),
            (NextStep(f"Download it: launcher download {name}"),),
        )
    # A draft only has to be quick: the smallest file there is.
    return min(found, key=lambda e: e.size_bytes).path


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
    _, draft = prepared(machine, wishes)
    assert draft is not None  # noqa: S101 - the wishes name one
    return DraftModel(wishes.draft, source.name, source.quant, draft.placement(plan.placement))
