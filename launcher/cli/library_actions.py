"""The actions of `launcher library` that change something, or take long."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from launcher.cli.bars import DownloadBar, WorkBar
from launcher.cli.library_choice import choose
from launcher.cli.library_list import to_json
from launcher.cli.output import error_document, print_json, print_user_error, table
from launcher.cli.stoppable import run_stoppable
from launcher.core.downloads import DownloadRequest, Installed, Origin
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb

T = TypeVar("T")


def run_verify(args: argparse.Namespace) -> int:
    """Compare models with their checksums; 1 when one differs."""
    from launcher.downloads.library import verify

    documents: list[dict[str, object]] = []
    damaged: list[Installed] = []
    for model in _chosen(args, may_be_all=True):

        def work(stop: threading.Event, model: Installed = model) -> verify.Verdict:
            return verify.verify(model, WorkBar(_title(model)).show, stop)

        verdict = _stoppable(work)
        damaged += [model] if verdict.state == "differs" else []
        words = {
            "matches": f"{_title(model)}: verified, it matches {verdict.expected_from}.",
            "differs": f"{_title(model)}: DAMAGED, it differs from {verdict.expected_from or 'its own header'}: {', '.join(verdict.bad_files)}",
            "no_checksum": f"{_title(model)}: nobody publishes a checksum of it; its structure is sound.",
        }[verdict.state]
        documents.append(
            {
                **to_json(model),
                "state": verdict.state,
                "verified": verdict.state == "matches",
                "sha256": verdict.sha256,
                "expected_from": verdict.expected_from,
                "bad_files": verdict.bad_files,
            }
        )
        print(words, file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print_json(documents)
    return _repair(damaged, is_wanted=args.repair) if damaged else 0


def _repair(damaged: list[Installed], *, is_wanted: bool) -> int:
    """Fetch again what is damaged, or say how. Returns the exit code."""
    from launcher.downloads.library import verify

    if not is_wanted:
        print("Fetch what is damaged again: launcher library verify --repair", file=sys.stderr)
        for model in damaged:
            if model.is_ours and model.repo:
                print(f"Or: launcher download {model.repo} --quant {model.quant}", file=sys.stderr)
        return 1
    for model in damaged:
        _fetched(_title(model), verify.repair(model))
    return 0


def _fetched(title: str, request: DownloadRequest) -> tuple[str, ...]:
    """Fetch an item with a bar. Returns its files."""
    from launcher.cli.download import Options, fetch_with

    bar = DownloadBar(title)
    result = run_stoppable(lambda stop: fetch_with(Options(), request, bar, stop))
    if result.error is not None:
        raise result.error
    if not result.paths:
        raise KeyboardInterrupt
    return result.paths


def run_remove(args: argparse.Namespace) -> int:
    """Delete models of ours; files that the user opened are only taken off the list."""
    from launcher.downloads.disk import index
    from launcher.downloads.library import remove

    models = _chosen(args)
    for model in models:
        if model.origin != Origin.FILE and index.owner_of(model.path) is None:
            remove.remove(model)  # says why not, before anything is asked or deleted
    for model in models:
        what = "is taken off the list; the file stays" if model.origin == Origin.FILE else "is deleted"
        print(f"{_title(model)}, {gb(model.size_bytes)}, {what}: {model.path}", file=sys.stderr)
    if not args.yes and not _agreed("Go on?"):
        raise UserError("not_confirmed", "Nothing was removed.", "It was not confirmed.", (NextStep("Add --yes"),))
    freed = [remove.remove(model) for model in models]
    if args.json:
        print_json([{**to_json(m), "freed_bytes": n} for m, n in zip(models, freed, strict=True)])
    else:
        print(f"{gb(sum(freed))} freed.")
    return 0


def run_adopt(args: argparse.Namespace) -> int:
    """List files and folders; 1 when one was refused."""
    from launcher.downloads.library import adopt

    if not args.words:
        raise _usage("adopt", "PATH…")
    result = adopt.adopt_all(args.words)
    if args.json:
        refused = [{"path": path, "error": error_document(error)} for path, error in result.refused]
        print_json({"models": [to_json(m) for m in result.models], "refused": refused})
    else:
        for model in result.models:
            print(f"{_title(model)}, {gb(model.size_bytes)}: {model.path}")
        for _, error in result.refused:
            print_user_error(error, as_json=False)
    return 1 if result.refused else 0


def run_move(args: argparse.Namespace) -> int:
    """Move models of ours to another folder or disk."""
    from launcher.downloads.disk import folders
    from launcher.downloads.moving import move

    if not args.to:
        raise _usage("move", "MODEL --to FOLDER")
    place = folders.checked(args.to)
    for warning in folders.warnings(place):
        print(warning, file=sys.stderr)
    moved: list[Installed] = []
    for model in _chosen(args):

        def work(stop: threading.Event, model: Installed = model) -> Installed:
            return move.move(model, place, WorkBar(f"Moving {_title(model)}").show, stop)

        moved.append(_stoppable(work))
    if args.json:
        print_json([to_json(m) for m in moved])
    else:
        print("\n".join(m.path for m in moved))
    return 0


def run_updates(args: argparse.Namespace) -> int:
    """Say which models have a newer revision, and how to get it."""
    from launcher.downloads.library import updates

    models = tuple(_chosen(args, may_be_all=True))
    found = _stoppable(lambda stop: updates.look_for_updates(models, stop))
    if args.fetch:
        for update in found:
            paths = _fetched(f"{_title(update.model)} {update.revision[:12]}", update.request)
            print("\n".join(paths), file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print_json(
            [{**to_json(u.model), "new_revision": u.revision, "fetch_bytes": u.file_bytes} for u in found],
        )
    elif not found:
        print("No newer revisions of what is installed.")
    elif not args.fetch:
        rows = [(_title(u.model), (u.model.revision or "")[:12], u.revision[:12], gb(u.file_bytes)) for u in found]
        print(table(("model", "here", "newest", "to fetch"), rows, frozenset({3})))
        print("Fetch them: launcher library updates [MODEL…] --fetch. What is here stays until it is removed.")
    return 0


def run_pin(args: argparse.Namespace) -> int:
    """Pin or unpin models."""
    from launcher.downloads.library import updates

    is_pinned = args.action == "pin"
    models = _chosen(args)
    for model in models:
        updates.pin(model, is_pinned)
    if args.json:
        print_json([{**to_json(m), "pinned": is_pinned} for m in models])
    else:
        words = "is kept at its revision" if is_pinned else "is offered newer revisions"
        print("\n".join(f"{_title(m)} {words}." for m in models))
    return 0


def run_folders(args: argparse.Namespace) -> int:
    """Show or change the folders that models live in."""
    from launcher.core.paths import hub_cache_dir
    from launcher.downloads.disk import folders
    from launcher.downloads.library import adopt

    if args.words:
        verb, *rest = args.words
        if verb not in ("add", "forget", "use") or len(rest) > 1 or (verb != "use" and not rest):
            raise _usage("folders", "[add|forget|use FOLDER]")
        folder = str(Path(rest[0]).expanduser().absolute()) if rest else None
        if verb == "add":
            adopt.adopt_folder(folder or "")
        elif verb == "forget":
            _forget_folder(folder or "")
        else:
            folders.set_downloads(folder)
            for warning in folders.warnings(folder) if folder else ():
                print(warning, file=sys.stderr)
    chosen = folders.read()
    downloads = chosen.downloads or str(hub_cache_dir())
    if args.json:
        roots = [str(r) for r in folders.roots()]
        print_json({"downloads": downloads, "caches": roots, "searched": chosen.searched, "files": chosen.files})
        return 0
    rows = [("new models go to", downloads)]
    rows += [("models of ours are in", str(root)) for root in folders.roots() if str(root) != downloads]
    rows += [("searched too", folder) for folder in chosen.searched]
    rows += [("listed files", path) for path in chosen.files]
    print(table(("", ""), rows).strip("\n"))
    return 0


def _forget_folder(folder: str) -> None:
    from launcher.downloads.disk import folders

    if folder not in folders.read().searched:
        steps = (NextStep("See which are: launcher library folders"),)
        raise UserError("unknown_folder", "This folder is not searched.", f"{folder}.", steps)
    folders.forget_searched(folder)


def _chosen(args: argparse.Namespace, *, may_be_all: bool = False) -> list[Installed]:
    from launcher.downloads.library import scan as library
    from launcher.downloads.moving import move

    move.tidy()
    models = library.installed()
    if not args.words and may_be_all:
        return [m for m in models if not args.quant or m.quant.lower() == args.quant.lower()]
    if not args.words:
        raise _usage(args.action, "MODEL")
    return list({(m := choose(models, word, args.quant)).path: m for word in args.words}.values())


def _stoppable(work: Callable[[threading.Event], T]) -> T:
    """Run it; Ctrl+C is an error of its own (exit code 130 comes with KeyboardInterrupt)."""
    from launcher.downloads.stopped import StoppedError

    try:
        return run_stoppable(work)
    except StoppedError:
        print("\nStopped; nothing has changed.", file=sys.stderr)
        raise KeyboardInterrupt from None


def _title(model: Installed) -> str:
    return f"{model.name} {model.quant}".strip()


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return input().strip().lower() in ("y", "yes")


def _usage(action: str, words: str) -> UserError:
    step = NextStep(f"Run: launcher library {action} {words}")
    return UserError("usage", f"`launcher library {action}` needs more words.", f"It takes: {words}.", (step,))
