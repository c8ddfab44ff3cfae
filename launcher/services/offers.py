"""What a pasted text offers to download: a catalog model, a hub repository, or one file of it, with sizes and fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from launcher.core.downloads import DownloadRequest
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant, Variant
from launcher.core.plans import Wishes
from launcher.core.units import gib
from launcher.core.words import say

_FILE_OF_REPO = re.compile(r"^(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*):(?P<file>.+\.gguf)$", re.IGNORECASE)

_USUAL = "Q4_K_M"


@dataclass(frozen=True, slots=True)
class Choice:
    """One quantisation.

    Attributes:
        fit: how it sits on this PC in words; "" where that is not known before its header is read.
        fits: None when not known.
    """

    request: DownloadRequest
    fit: str = ""
    fits: bool | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a text names.

    Attributes:
        name: for people.
        about: one sentence, or "".
        choices: smallest first.
        chosen: index of the one that the text names, or that suits best.
    """

    name: str
    about: str
    choices: tuple[Choice, ...]
    chosen: int = 0


def look_up(text: str, machine: Machine | None = None, wishes: Wishes | None = None) -> Offer:
    """Find out what a text offers; blocks for the hub's listing, except for names of the catalog.

    Args:
        text: a link of the hub, "owner/repo", "owner/repo:QUANT", "owner/repo:file.gguf" or a name of the catalog.
        machine: for the fit; None leaves it out.
        wishes: as plans are made with.

    Raises:
        UserError: nothing of that name, no GGUF files in it, another server's link, or the hub cannot be asked.
    """
    from launcher import catalog
    from launcher.catalog import remote_source

    text = text.strip()
    if "/" not in text:
        return _of_variant(catalog.load().find(text), machine, wishes)
    if found := _FILE_OF_REPO.match(text):
        return _of_repo(found["repo"], found["file"], None, None, machine, wishes)
    source = remote_source.parse(text)
    if isinstance(source, remote_source.LinkSource):
        raise UserError(
            "not_a_hub_link",
            "Only models of the hub can be downloaded.",
            say("That link leads to another server, which publishes no checksums."),
            (NextStep("Copy a link of huggingface.co, or write owner/repository"),),
        )
    return _of_repo(source.repo, source.name, source.quant, source.revision, machine, wishes)


def _of_variant(variant: Variant, machine: Machine | None, wishes: Wishes | None) -> Offer:
    quants = [quant for quant in variant.quants if quant.loadable] if variant.loadable else []
    if not quants:
        raise UserError(
            "not_loadable",
            say("{name} cannot be run.", name=variant.name),
            variant.why_not,
            (NextStep("Choose another model"),),
        )
    choices = [_of_quant(variant, quant, machine, wishes) for quant in quants]
    return _offer(variant.name, variant.strengths, choices, _best(variant, machine, wishes))


def _of_repo(
    repo: str,
    file: str,
    quant: str | None,
    revision: str | None,
    machine: Machine | None,
    wishes: Wishes | None,
) -> Offer:
    from launcher import catalog
    from launcher.catalog import hub, hub_files

    listing = hub.list_files(repo, revision)
    groups = [g for g in hub_files.group(listing.files) if not g.missing and not hub_files.is_sidecar(g.files[0].name)]
    if file:
        groups = [g for g in groups if any(f.name == file for f in g.files)]
        if not groups:
            hub_files.select(repo, listing.files, "", (file,))  # says why
    elif quant is not None:
        names = {f.name for f in hub_files.select(repo, listing.files, quant)}
        groups = [g for g in groups if any(f.name in names for f in g.files)]
    if not groups:
        raise UserError(
            "no_gguf",
            say("{repo} has no model files that can be loaded.", repo=repo),
            say("It lists 1 file, which is no complete GGUF model.")
            if len(listing.files) == 1
            else say("It lists {n} files, none of them a complete GGUF model.", n=len(listing.files)),
            (NextStep("Look for a repository whose name ends in GGUF"),),
        )
    known = {q.name.lower(): (v, q) for v in catalog.load().variants for q in v.quants if _is_of(q, repo)}
    counts = Counter((g.quant or "").lower() for g in groups)
    choices: list[Choice] = []
    for g in groups:
        stem = PurePosixPath(g.stem).name
        label = g.quant if g.quant and counts[g.quant.lower()] == 1 else stem
        variant, exact = known.get(label.lower(), (None, None))
        request = DownloadRequest(
            variant.id if variant else repo,
            variant.short_name if variant else _name_of(repo),
            label,
            repo,
            g.files,
            g.size_bytes,
            listing.commit,
        )
        choices.append(_choice(request, variant, exact, machine, wishes))
    variant = next((v for v, _ in known.values()), None)
    if variant is None:
        return _offer(repo, "", choices)
    return _offer(variant.name, variant.strengths, choices, _best(variant, machine, wishes))


def _is_of(quant: Quant, repo: str) -> bool:
    return quant.repo.lower() == repo.lower() and quant.loadable


def _name_of(repo: str) -> str:
    name = repo.rpartition("/")[2]
    return re.sub(r"[-_.]gguf$", "", name, flags=re.IGNORECASE) or name


def _of_quant(variant: Variant, quant: Quant, machine: Machine | None, wishes: Wishes | None) -> Choice:
    request = DownloadRequest(
        variant.id, variant.short_name, quant.name, quant.repo, quant.files, quant.file_bytes, quant.revision
    )
    return _choice(request, variant, quant, machine, wishes)


def _choice(
    request: DownloadRequest,
    variant: Variant | None,
    quant: Quant | None,
    machine: Machine | None,
    wishes: Wishes | None,
) -> Choice:
    if machine is None or variant is None or quant is None or quant.facts is None:
        return Choice(request)
    from launcher.services.plan_editing import quick_plan

    plan = quick_plan(machine, variant, quant, wishes or Wishes())
    if not plan.fits:
        return Choice(request, say("needs {size} more memory", size=gib(plan.missing_bytes)), fits=False)
    return Choice(request, plan.summary, fits=True)


def _best(variant: Variant, machine: Machine | None, wishes: Wishes | None) -> str:
    """The quantisation that is recommended for this PC; "" where nothing is."""
    if machine is None:
        return ""
    from launcher.planner import recommend

    found = recommend(machine, (variant,), wishes or Wishes()).recommended
    return found.quant if found else ""


def _offer(name: str, about: str, choices: Iterable[Choice], best: str = "") -> Offer:
    """Smallest first; the recommended one is chosen, where nothing is known a usual one."""
    ordered = tuple(sorted(choices, key=lambda c: (c.request.file_bytes, c.request.quant)))
    wanted = (best or _USUAL).upper()
    chosen = [i for i, choice in enumerate(ordered) if choice.request.quant.upper() == wanted]
    return Offer(name, about, ordered, chosen[0] if chosen else 0)
