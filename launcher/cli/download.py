"""`launcher download`: fetch models, with a progress bar; the same command continues them."""

from __future__ import annotations

import argparse
import re
import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from launcher.cli.bars import DownloadBar
from launcher.cli.download_request import at_revision, request_for, with_sidecars
from launcher.cli.output import error_document, print_json, print_user_error
from launcher.cli.stoppable import run_stoppable
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import config_dir
from launcher.core.units import gb

__all__ = ["Options", "configure", "fetch_models", "fetch_with", "request_for", "run"]

_LIMIT = re.compile(r"(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>[kmg]?)b?(?:/s)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True, slots=True)
class Options:
    """How to fetch.

    Attributes:
        folder: where new models go; None: where they go by the settings.
        limit_bytes_s: None: that of the settings; 0: none.
        connections: at once for each file; None: as in the settings.
        sidecars: further files of the repository that go with the model.
    """

    quant: str | None = None
    revision: str | None = None
    folder: str | None = None
    limit_bytes_s: int | None = None
    connections: int | None = None
    sidecars: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """As they were typed."""
        limit = "none" if self.limit_bytes_s == 0 else f"{self.limit_bytes_s}B"
        typed = {
            "--revision": self.revision,
            "--to": self.folder,
            "--limit": None if self.limit_bytes_s is None else limit,
            "--connections": self.connections,
        }
        pairs = [(name, value) for name, value in typed.items() if value]
        return [str(w) for pair in (*pairs, *(("--with", name) for name in self.sidecars)) for w in pair]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add(
        "models",
        metavar="MODEL",
        nargs="+",
        help="a name of `launcher models`, a repository, repository:file, or a file's URL; several are fetched in turn",
    )
    add("--quant", metavar="Q", help="quantisation (Q4_K_M); without it the one recommended for this machine")
    add("--revision", metavar="R", help="a branch, tag or commit of the repository; the model is kept at it")
    add("--to", metavar="FOLDER", help="another folder or disk; what is there of an unfinished download moves with it")
    add("--limit", type=_bytes_s, metavar="RATE", help="at most so fast: 5MB, 800KB (per second), or none")
    add("--connections", type=_connections, metavar="N", help="connections at once for each file (1 to 16)")
    add("--with", dest="sidecars", metavar="FILE", action="append", help="a further file of it (mmproj-F16.gguf)")


def run(args: argparse.Namespace) -> int:
    """Fetch them; paths on stdout, progress on stderr."""
    options = Options(
        args.quant, args.revision, args.to, args.limit, args.connections, tuple(dict.fromkeys(args.sidecars or ()))
    )
    return fetch_models(args.models, options, as_json=args.json)


def fetch_models(models: list[str], options: Options, *, as_json: bool = False) -> int:
    """Fetch one model after the other. Returns the exit code.

    Raises:
        UserError: of a single model; of several, each error is told in its turn.
    """
    documents: list[dict[str, object]] = []
    code = 0
    for i, model in enumerate(models):
        try:
            request, result = _fetch(model, options)
        except UserError as error:
            if len(models) == 1:
                raise
            code = 1
            documents.append({"model": model, "error": error_document(error)})
            if not as_json:
                print_user_error(error, as_json=False)
            continue
        if result.state is DownloadState.PAUSED:
            print_user_error(_paused(result, models[i:], request.quant, options), as_json=as_json)
            return 130
        documents.append(_document(request, result))
        if not as_json:
            print("\n".join(result.paths))
    if as_json:
        print_json(documents[0] if len(models) == 1 else {"downloads": documents})
    return code


def _fetch(model: str, options: Options) -> tuple[DownloadRequest, DownloadProgress]:
    """Fetch one. The result is DONE, or PAUSED by the user."""
    from launcher.downloads.stopped import StoppedError

    request = request_for(model, options.quant)
    if options.revision:
        request = at_revision(request, options.revision)
    request = with_sidecars(request, options.sidecars)
    exact = [request]

    def work(stop: threading.Event) -> DownloadProgress:
        try:
            placed = _placed(request, options.folder, stop)
        except StoppedError:
            return DownloadProgress(request.key, DownloadState.PAUSED, total_bytes=request.file_bytes)
        bar = DownloadBar(f"{request.short_name} {request.quant}", lambda: _files_done(exact[-1]))
        return fetch_with(options, placed, bar, stop, exact.append)

    result = run_stoppable(work)
    if result.error is not None:
        raise result.error
    return exact[-1], result


def fetch_with(
    options: Options,
    request: DownloadRequest,
    bar: DownloadBar,
    stop: threading.Event,
    on_pinned: Callable[[DownloadRequest], None] = lambda _: None,
) -> DownloadProgress:
    """Fetch an item as fast, and over as many connections, as the options or else the settings say."""
    from launcher.downloads.queue.speed_limit import SpeedLimit
    from launcher.downloads.transfer.fetch import fetch
    from launcher.downloads.transfer.retry import Policy
    from launcher.store.settings import CONNECTIONS, SPEED_LIMIT_KB_S, Settings

    settings = Settings(config_dir() / "settings.toml")
    usual_bytes_s = settings.get(SPEED_LIMIT_KB_S) * 1000
    limit = SpeedLimit((usual_bytes_s if options.limit_bytes_s is None else options.limit_bytes_s) or None)
    policy = Policy(connections=options.connections or settings.get(CONNECTIONS))
    return fetch(request, bar.show, stop, policy, on_pinned=on_pinned, throttle=lambda count: limit.take(count, stop))


def _placed(request: DownloadRequest, folder: str | None, stop: threading.Event) -> DownloadRequest:
    """The request with its folder: the one asked for, else where an earlier run began, else that of the settings."""
    from launcher.cli.bars import WorkBar
    from launcher.downloads.disk import folders, journal
    from launcher.downloads.moving import move

    move.tidy()
    begun = journal.begun(request.key)
    if folder is None:
        return replace(request, folder=begun.folder if begun else folders.read().downloads)
    place = folders.checked(folder)
    for warning in folders.warnings(place):
        print_user_error(UserError("folder", warning), as_json=False)
    folders.add_cache(place)
    if begun is not None and begun.folder != place:
        place = move.move_partials(begun, place, WorkBar("Moving what is here").show, stop).folder or place
    return replace(request, folder=place)


def _files_done(request: DownloadRequest) -> str:
    """How much of a set is complete; "" of a single file, and before its files are known."""
    from launcher.downloads.disk import journal
    from launcher.downloads.disk.cache import RepoCache

    if len(request.files) < 2 or not journal.is_pinned(request):
        return ""
    cache = RepoCache.for_request(request)
    done = sum(cache.finished(request.revision or "", f) is not None for f in request.files)
    return f"{done} of {len(request.files)} files"


def _document(request: DownloadRequest, result: DownloadProgress) -> dict[str, object]:
    """The document of design section 4.2, and each file."""
    from launcher.downloads.disk import index

    found = index.find(request.key)
    known = found.request.files if found and tuple(map(str, found.paths())) == result.paths else request.files
    return {
        "model": request.model,
        "quant": request.quant,
        "paths": result.paths,
        "bytes": result.total_bytes,
        "sha256": result.sha256,
        "resumed_bytes": result.resumed_bytes,
        "seconds": round(result.seconds, 3),
        "repo": request.repo,
        "revision": found.request.revision if found else request.revision,
        "files": [
            {"name": f.name, "path": path, "bytes": f.size_bytes, "sha256": sha256}
            for f, path, sha256 in zip(known, result.paths, result.sha256, strict=True)
        ],
    }


def _paused(result: DownloadProgress, models: list[str], quant: str, options: Options) -> UserError:
    why = f"{gb(result.done_bytes)} of {gb(result.total_bytes)} are on the disk and stay there."
    # Of several models with no quantisation given, each has its own.
    chosen = options.quant or (quant if len(models) == 1 else None)
    words = ["launcher", "download", *models, *(["--quant", chosen] if chosen else []), *options.words()]
    return UserError("paused", "The download is paused.", why, (NextStep(f"Continue: {shlex.join(words)}"),))


def _bytes_s(text: str) -> int:
    if text.strip().lower() == "none":
        return 0
    found = _LIMIT.fullmatch(text.strip())
    value = int(float(found["n"]) * _UNITS[found["unit"].lower()]) if found else 0
    if value < 1:
        raise argparse.ArgumentTypeError("a rate is a number of bytes per second (5MB, 800KB), or none")
    return value


def _connections(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError("connections are 1 to 16")
    return int(text)
