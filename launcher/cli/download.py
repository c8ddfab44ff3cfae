"""`launcher download`: fetch a model, with a progress bar; the same command continues it."""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import PurePosixPath

from launcher.cli.output import print_json, print_user_error
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile, Quant, Variant
from launcher.core.units import duration, gb

_URL = re.compile(r"^https?://[^/]+/(?P<repo>[^/]+/[^/]+)/(?:resolve|blob)/(?P<revision>[^/]+)/(?P<file>[^?#]+)")
_FILE = re.compile(r"^(?P<repo>[^/:]+/[^/:]+):(?P<file>.+)$")
_REPO = re.compile(r"^[^/:]+/[^/:]+$")
_LINE_EVERY_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "model", metavar="MODEL", help="a name of `launcher models`, a repository, repository:file, or a file's URL"
    )
    parser.add_argument(
        "--quant", metavar="Q", help="quantisation (Q4_K_M); without it the one recommended for this machine"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch it; paths on stdout, progress on stderr."""
    request = request_for(args.model, args.quant)
    result = _fetch(request)
    if result.state is DownloadState.PAUSED and result.error is None:
        print_user_error(_paused(result, args.model, request.quant), as_json=args.json)
        return 130
    if result.error is not None:
        raise result.error
    if args.json:
        print_json(
            {
                "model": request.model,
                "quant": request.quant,
                "paths": result.paths,
                "bytes": result.total_bytes,
                "sha256": result.sha256,
                "resumed_bytes": result.resumed_bytes,
                "seconds": round(result.seconds, 3),
            }
        )
    else:
        print("\n".join(result.paths))
    return 0


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


def _fetch(request: DownloadRequest) -> DownloadProgress:
    from launcher.downloads import fetch

    stop = threading.Event()
    bar = _Bar(f"{request.short_name} {request.quant}")
    with _stop_on_signals(stop), ThreadPoolExecutor(1, "download") as pool:
        job = pool.submit(fetch, request, bar.show, stop)
        # Short waits: on Windows a signal is only heard between them.
        while not job.done():
            wait((job,), 0.2)
        return job.result()


@contextmanager
def _stop_on_signals(stop: threading.Event) -> Generator[None]:
    """Ctrl+C pauses; a second one is Python's own KeyboardInterrupt again."""

    def on_signal(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _paused(result: DownloadProgress, model: str, quant: str) -> UserError:
    why = f"{gb(result.done_bytes)} of {gb(result.total_bytes)} are on the disk and stay there."
    step = NextStep(f"Continue: launcher download {model} --quant {quant}")
    return UserError("paused", "The download is paused.", why, (step,))


class _Bar:
    """One line on a terminal, redrawn; elsewhere a line now and then. Notes get their own line."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._is_terminal = sys.stderr.isatty()
        self._note = ""
        self._state: DownloadState | None = None
        self._shown_at = 0.0

    def show(self, progress: DownloadProgress) -> None:
        """Draw a report."""
        if progress.note and progress.note != self._note:
            self._note = progress.note
            print(f"{self._clear()}{progress.note}", file=sys.stderr)
        is_over = progress.state in (DownloadState.DONE, DownloadState.PAUSED, DownloadState.FAILED)
        if self._is_terminal:
            line = describe(self._title, progress, shutil.get_terminal_size().columns)
            print(f"{self._clear()}{line}", end="\n" if is_over else "", file=sys.stderr, flush=True)
        elif is_over or progress.state is not self._state or time.monotonic() - self._shown_at >= _LINE_EVERY_S:
            self._shown_at = time.monotonic()
            print(describe(self._title, progress, 100), file=sys.stderr, flush=True)
        self._state = progress.state

    def _clear(self) -> str:
        return "\r\x1b[K" if self._is_terminal else ""


def describe(title: str, progress: DownloadProgress, columns: int) -> str:
    """One line of at most `columns` characters: title, bar, bytes, rate, time left; the last parts go first when it is tight."""
    words = {DownloadState.CHECKING: "checking", DownloadState.VERIFYING: "verifying"}.get(
        progress.state, progress.state.value
    )
    parts = [title]
    if progress.total_bytes:
        share = min(1.0, progress.done_bytes / progress.total_bytes)
        filled = int(share * 20)
        parts += [
            f"[{'#' * filled}{'.' * (20 - filled)}] {int(share * 100):3d} %",
            f"{gb(progress.done_bytes)} of {gb(progress.total_bytes)}",
        ]
    if progress.state is DownloadState.DOWNLOADING:
        parts += [f"{gb(progress.rate_bytes_s)}/s"] if progress.rate_bytes_s is not None else []
        parts += [f"{duration(progress.seconds_left)} left"] if progress.seconds_left is not None else []
    else:
        parts.insert(1, words)
    while len(parts) > 1 and len("  ".join(parts)) >= columns:
        parts.pop()
    return "  ".join(parts)[: max(1, columns - 1)]
