"""What `launcher download MODEL` means: a catalog name, a repository, a file of one, or a link."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import PurePosixPath

from launcher.core.downloads import DownloadRequest
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile, Quant, Variant
from launcher.core.units import gb

_URL = re.compile(r"^https?://[^/]+/(?P<repo>[^/]+/[^/]+)/(?:resolve|blob)/(?P<revision>[^/]+)/(?P<file>[^?#]+)")
_FILE = re.compile(r"^(?P<repo>[^/:]+/[^/:]+):(?P<file>.+)$")
_REPO = re.compile(r"^[^/:]+/[^/:]+$")


def request_for(model: str, quant: str | None) -> DownloadRequest:
    """What to fetch.

    Args:
        model: a catalog name, "owner/name", "owner/name:file" or a file's URL.
        quant: the quantisation; None chooses (catalog models only).

    Raises:
        UserError: the name or the quantisation is unknown, or nothing of it fits this machine.
    """
    from launcher.catalog import load
    from launcher.catalog.hub_files import quant_of

    if match := _URL.match(model) or _FILE.match(model):
        parts = match.groupdict()
        name = PurePosixPath(parts["file"])
        label = quant or quant_of(str(name)) or name.stem
        revision = parts.get("revision")
        return DownloadRequest(
            parts["repo"],
            name.stem,
            label,
            parts["repo"],
            (ModelFile(str(name)),),
            0,
            None if revision in (None, "main") else revision,
            keeps_revision=revision not in (None, "main"),
        )
    if _REPO.match(model):
        known = [(v, q) for v in load().variants for q in v.quants if q.repo.lower() == model.lower()]
        chosen = next(((v, q) for v, q in known if quant and q.name.lower() == quant.lower()), None)
        if chosen is not None:
            return _of_quant(*chosen)
        if quant or not known:
            return _of_repo(model, quant)
    variant = load().find(model)
    if not variant.loadable:
        raise UserError(
            "not_loadable",
            f"{variant.name} cannot be run.",
            variant.why_not,
            (NextStep("See the others: launcher models"),),
        )
    if quant is None:
        return _recommended(variant)
    found = variant.quant(quant)
    if found is None:
        offered = ", ".join(q.name for q in variant.quants)
        raise UserError(
            "quant_not_found",
            f"{variant.name} is not listed as {quant}.",
            f"Listed are: {offered}.",
            (NextStep("Choose one of these"),),
        )
    return _of_quant(variant, found)


def _of_quant(variant: Variant, quant: Quant) -> DownloadRequest:
    if not quant.loadable:
        steps = (NextStep("Choose another quantisation"),)
        raise UserError("not_loadable", f"{variant.name} {quant.name} cannot be loaded.", quant.why_not, steps)
    return DownloadRequest(
        variant.id, variant.short_name, quant.name, quant.repo, quant.files, quant.file_bytes, quant.revision
    )


def _of_repo(repo: str, quant: str | None) -> DownloadRequest:
    from launcher.catalog import hub

    if quant is not None:
        return DownloadRequest(repo, repo.split("/")[1], quant, repo, (), 0)
    there = hub.quants(hub.list_files(repo))
    offered = ", ".join(
        f"{name} ({gb(sum(f.size_bytes or 0 for f in files))})" for name, files in sorted(there.items())
    )
    why = f"{repo} has: {offered}." if there else f"{repo} has no GGUF files."
    raise UserError("quant_needed", "Which quantisation?", why, (NextStep("Name one with --quant"),))


def _recommended(variant: Variant) -> DownloadRequest:
    from launcher.cli.machines import this_machine
    from launcher.planner import recommend

    found = recommend(this_machine(), (variant,))
    best = found.recommended
    if best is None:
        why = found.rejected[0].why if found.rejected else found.why_not_bigger
        raise UserError(
            "does_not_fit",
            f"No {variant.name} fits this machine.",
            why,
            (NextStep("See what fits: launcher recommend"),),
        )
    print(f"{best.short_name} {best.quant}, {gb(best.file_bytes)}: recommended for this machine.", file=sys.stderr)
    return DownloadRequest(
        best.model, best.short_name, best.quant, best.repo, best.files, best.file_bytes, best.revision
    )


def at_revision(request: DownloadRequest, revision: str) -> DownloadRequest:
    """The same files as they were at a branch, tag or commit; kept at that from then on."""
    files = tuple(ModelFile(f.name) for f in request.files)
    return replace(request, files=files, file_bytes=0, revision=revision, keeps_revision=True)


def with_sidecars(request: DownloadRequest, names: tuple[str, ...]) -> DownloadRequest:
    """The same item with more files of its repository (a projector: mmproj-….gguf), as one.

    Raises:
        UserError: as `hub.resolve`.
    """
    from launcher.catalog import hub

    if not names:
        return request
    files = request.files or hub.resolve(request.repo, request.quant, (), request.revision).files
    added = tuple(ModelFile(name) for name in names if name not in {f.name for f in files})
    return replace(request, files=(*files, *added), file_bytes=0)
