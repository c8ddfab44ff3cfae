"""Which file `launcher chat` talks to."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import Variant
from launcher.core.plans import Wishes
from launcher.core.units import gb


@dataclass(frozen=True, slots=True)
class Target:
    """A model file.

    Attributes:
        fits: on the machine as it was read first, with the wishes as they are; what is loaded is planned again.
    """

    path: str
    name: str
    quant: str
    fits: bool


def target_of(path: Path, machine: Machine, wishes: Wishes) -> Target:
    """What a file is, and whether it fits.

    Raises:
        UserError: it cannot be read, or is no model.
    """
    from launcher import catalog, planner
    from launcher.catalog import gguf
    from launcher.catalog.identify import identify

    headers = gguf.read_set(path)
    what = identify(catalog.load(), path, headers)
    quant = what.quant_name or "unknown"
    size = sum(h.file_bytes for h in headers)
    plan = planner.plan_file(machine, what.facts, str(path), what.name, quant, size, wishes)
    return Target(str(path), what.name, quant, plan.fits)


def resolve(model: str, quant: str | None, machine: Machine, wishes: Wishes, *, may_ask: bool) -> Target:
    """The file that a name means: a path, or an installed model; offers to download one that is not.

    Args:
        model: path, catalog name or repository id.
        quant: wanted quantisation; None takes the largest installed one that fits.
        machine: where it will run.
        wishes: for the plan.
        may_ask: a person sits at a terminal.

    Raises:
        UserError: unknown, not installed, or no model.
    """
    from launcher.catalog import builtin

    if builtin.is_named(model):
        return builtin_target(machine, wishes, quant)
    path = Path(model).expanduser()
    if path.suffix == ".gguf" or path.is_file():
        return target_of(path, machine, wishes)
    found = _installed(model, quant)
    if not found and may_ask and _agreed(f"{model} is not installed. Download it now?"):
        fetch(model, quant)
        found = _installed(model, quant)
    if not found:
        wanted = f"{model} --quant {quant}" if quant else model
        raise UserError(
            "not_installed",
            f"{model} is not installed.",
            _installed_words(),
            (NextStep(f"Download it: launcher download {wanted}"), NextStep("See what is here: launcher library")),
        )
    return _first_that_fits(found, machine, wishes)


def builtin_target(machine: Machine, wishes: Wishes, quant: str | None = None) -> Target:
    """The built-in model.

    Raises:
        UserError: it is missing, or another quantisation is asked for.
    """
    from launcher.catalog import builtin

    here = builtin.require()
    if quant and quant.lower() != here.quant.lower():
        raise UserError(
            "unknown_quant", f"{here.name} is not there as {quant[:40]}.", f"It is built in as {here.quant} only."
        )
    return target_of(Path(here.path), machine, wishes)


def fetch(model: str, quant: str | None) -> None:
    """Download with the bar of `launcher download`.

    Raises:
        UserError: it failed, or was paused.
    """
    from launcher.cli import download

    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the answer
        code = download.fetch_models([model], download.Options(quant))
    if code:
        raise UserError(
            "paused", "The download is not finished.", "What was fetched is kept.", (NextStep("Run it again"),)
        )


def installed_targets(machine: Machine, wishes: Wishes) -> list[Target]:
    """Every installed model that fits, in the order of the library."""
    from launcher.downloads.library import scan as library

    targets: list[Target] = []
    for entry in library.installed():
        with contextlib.suppress(UserError):  # what is no model is not offered
            targets.append(target_of(Path(entry.path), machine, wishes))
    return [t for t in targets if t.fits]


def _installed(model: str, quant: str | None) -> list[Installed]:
    """Installed files of that name, the largest first."""
    from launcher import catalog
    from launcher.downloads.library import scan as library

    entries = library.installed()
    by_repo = [e for e in entries if e.repo and e.repo.lower() == model.lower()]
    if by_repo:
        found = by_repo
    else:
        variant: Variant = catalog.load().find(model)
        found = [e for e in entries if e.model == variant.id]
    wanted = [e for e in found if quant is None or e.quant.lower() == quant.lower()]
    return sorted(wanted, key=lambda e: -e.size_bytes)


def _first_that_fits(entries: list[Installed], machine: Machine, wishes: Wishes) -> Target:
    """Where none does: the smallest, of which the load may say what is missing or make do with less."""
    targets: list[Target] = []
    problem: UserError | None = None
    for entry in entries:
        try:
            targets.append(target_of(Path(entry.path), machine, wishes))
        except UserError as error:
            problem = problem or error
            continue
        if targets[-1].fits:
            return targets[-1]
    if targets:
        return targets[-1]
    assert problem is not None  # noqa: S101 - there is at least one entry
    raise problem


def _installed_words() -> str:
    from launcher.downloads.library import scan as library

    names = [f"{e.name} {e.quant} ({gb(e.size_bytes)})" for e in library.installed()]
    return f"Installed are: {', '.join(names)}." if names else "No model is installed yet."


def _agreed(question: str) -> bool:
    return input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")
