"""The exact plan: what the file's own header says, and what the engine's own dry run says of the placement.

Without Qt, because the terminal does the same; the window calls it from a thread (exact_service.py). Nothing is downloaded but
headers: a few MB of a model of any size, kept for the next time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.core.models import Quant, Variant
from launcher.core.plans import Plan, Wishes

if TYPE_CHECKING:
    from launcher.catalog.gguf import GgufHeader
    from launcher.engine.dry_run import DryRunFile
    from launcher.planner.verified import RowDifference

# Each try keeps free what the one before was short of; placements move by parts of a layer, so few are needed.
_TRIES = 4


class Stage(Enum):
    """What the verification is doing."""

    HEADER = "header"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Progress:
    """`bytes_read`: of the headers, all shards; 0 while unknown."""

    stage: Stage
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """A plan to be judged by the engine.

    Attributes:
        installed_path: the file to load (the first shard) when it is on the disk; "" fetches only the header.
        is_what_if: the cards are not here: stand-ins of their names and sizes take their place.
    """

    plan: Plan
    installed_path: str = ""
    is_what_if: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """What the formulas said and what the engine says; `rows` are both per device, `after.memory.source` is "engine".

    Attributes:
        by_stand_ins: the cards are not here. Stand-ins never stream weights from RAM nor work on several cards at once, so
            they may need less; `after` keeps the larger compute buffers.
    """

    before: Plan
    after: Plan
    rows: tuple[RowDifference, ...]
    by_stand_ins: bool = False


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a file set. `fetched_bytes`: what came over the network for them."""

    files: tuple[DryRunFile, ...]
    parsed: tuple[GgufHeader, ...]
    fetched_bytes: int = 0


def read_headers(
    repo: str, quant: str, revision: str | None, installed_path: str, stop: threading.Event | None = None
) -> Headers:
    """Headers from the disk when the model is there, else from the hub or server it would come from.

    Args:
        repo: "owner/repo", or the address of a file on another server.
        quant: the quantisation to take from a repository.
        revision: commit of the repository; None is the newest.
        installed_path: the first file on the disk, or "".
        stop: set from another thread to give up.

    Raises:
        UserError: the file cannot be read, or the server not be reached.
    """
    from launcher.catalog import gguf
    from launcher.engine.dry_run import DryRunFile

    if installed_path:
        parsed = gguf.read_set(Path(installed_path))
        paths = gguf.shard_paths(Path(installed_path))
        return Headers(tuple(DryRunFile(p, p.stat().st_size) for p in paths), parsed)
    from launcher.catalog.remote import read_remote_set
    from launcher.services.linked import address_of

    # An address names the file already.
    found = read_remote_set(address_of(repo), quant=None if "://" in repo else quant, revision=revision, stop=stop)
    sizes = [f.size_bytes or 0 for f in found.files]
    files = tuple(DryRunFile(p, n) for p, n in zip(found.header_paths, sizes, strict=True))
    return Headers(files, found.headers, found.fetched_bytes)


def verify(request: VerifyRequest, on_progress: Callable[[Progress], None], stop: threading.Event) -> Verified:
    """Let the engine judge a plan as it stands; blocks for a second or a few.

    Raises:
        UserError: no header, or the engine refuses; "dry_run_stopped" and "stopped" when `stop` was set.
    """
    plan = request.plan
    if not request.installed_path:
        on_progress(Progress(Stage.HEADER))
    headers = read_headers(plan.repo, plan.quant, plan.revision, request.installed_path, stop)
    if not request.installed_path:
        on_progress(Progress(Stage.HEADER, sum(f.path.stat().st_size for f in headers.files)))
    on_progress(Progress(Stage.ENGINE))
    return _judged(plan, headers.files, stop, is_what_if=request.is_what_if)


def plan_exactly(
    make_plan: Callable[[Wishes], Plan],
    wishes: Wishes,
    files: tuple[DryRunFile, ...],
    stop: threading.Event,
    *,
    is_what_if: bool,
) -> Verified:
    """Plan, ask the engine, and plan again with more kept free where the engine needs more than the formulas said.

    Args:
        make_plan: plans the model on a machine with given wishes, and with the facts of its header, so that only the buffers can differ.
        wishes: fixed levers.
        files: the headers, for the dry run.
        stop: ends the dry run.
        is_what_if: as in `VerifyRequest`.

    Raises:
        UserError: as `verify`.
    """
    asked = wishes
    found = _judged(make_plan(asked), files, stop, is_what_if=is_what_if)
    for _ in range(_TRIES - 1):
        if found.after.fits or not found.before.fits:
            break
        short = found.after.missing_bytes
        asked = replace(
            asked,
            vram_reserve_bytes=asked.vram_reserve_bytes + short,
            ram_reserve_bytes=asked.ram_reserve_bytes + short,
        )
        found = _judged(make_plan(asked), files, stop, is_what_if=is_what_if)
    return found


def with_header(quant: Quant, headers: Headers) -> Quant:
    """A catalog quantisation with the facts and the size of its own header instead of published ones.

    Raises:
        UserError: "not_loadable".
    """
    from launcher.catalog.facts import facts_of

    size = sum(f.total_bytes for f in headers.files)
    return replace(quant, facts=facts_of(headers.parsed), file_bytes=size, size_basis="published")


def installed_path(variant: Variant, quant: Quant) -> str:
    """The first file of a quantisation where it is installed, else ""."""
    from launcher.downloads.library import scan as library
    from launcher.services.local_files import file_of

    found = file_of(library.installed(), variant.id, quant)
    return found.path if found else ""


def _judged(plan: Plan, files: tuple[DryRunFile, ...], stop: threading.Event, *, is_what_if: bool) -> Verified:
    from launcher.engine.dry_run import DryRunRequest, dry_run
    from launcher.planner.verified import differences, verified

    cards = tuple(d.name for d in plan.memory.devices if d.kind == "gpu")
    engine = dry_run(DryRunRequest(files, plan.placement, cards if is_what_if else None), stop)
    return Verified(plan, verified(plan, engine, by_stand_ins=is_what_if), differences(plan, engine), is_what_if)
