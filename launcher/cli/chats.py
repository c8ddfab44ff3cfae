"""`launcher chats`: the chats on this computer, written to files and read from them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from launcher.chat.conversation import ChatList
from launcher.cli.output import print_json, table
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import data_dir
from launcher.services import chat_files, file_child
from launcher.services.chat_files import ChatForm
from launcher.store.chats import ChatStore

_ACTIONS = {
    "list": "every chat: the start of its id, when it was last used, and its title",
    "export": "[CHAT…] write chats to files; all of them when none is named",
    "import": "FILE… add the chats of ChatGPT, LM Studio or Open WebUI, or of an export of this program",
}
_SHOWN_ID_CHARS = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "actions:\n" + "\n".join(f"  {name:8} {words}" for name, words in _ACTIONS.items())
    add = parser.add_argument
    add("action", nargs="?", choices=list(_ACTIONS), default="list", metavar="ACTION", help="see below; default: list")
    add("words", nargs="*", metavar="CHAT|FILE", help="export: the start of a chat's id, or its title; import: files")
    add(
        "--format", choices=[f.value for f in ChatForm], default="md", help="export: how they are written (default: md)"
    )
    add("--to", metavar="PATH", help="export: the file of one chat (or of all as JSON), the folder of several")


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    if args.action == "list" and args.words:
        print("`launcher chats list` takes no names.", file=sys.stderr)
        return 2
    if args.action == "import" and not args.words:
        print("`launcher chats import` needs a file.", file=sys.stderr)
        return 2
    if args.action == "export" and not args.to:
        print("`launcher chats export` needs --to PATH.", file=sys.stderr)
        return 2
    return {"list": _list, "export": _export, "import": _import}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    with _store() as store:
        entries = store.list().entries
    if args.json:
        print_json([{"id": e.id, "title": e.title, "updated_at": e.updated_at} for e in entries])
        return 0
    rows = [
        (e.id[:_SHOWN_ID_CHARS], f"{datetime.fromtimestamp(e.updated_at):%Y-%m-%d %H:%M}", e.title) for e in entries
    ]
    print(table(("id", "last used", "title"), rows) if rows else "There are no chats yet.")
    return 0


def _export(args: argparse.Namespace) -> int:
    form, target = ChatForm(args.format), Path(args.to).expanduser().absolute()
    with _store() as store:
        listing = store.list()
        ids = [_found(listing, words) for words in args.words] or [e.id for e in listing.entries]
        if not ids:
            raise UserError("no_chats", "There are no chats to export.", "None has been written on this computer yet.")
        if args.words and len(ids) == 1 and not target.is_dir():
            chat = store.load(ids[0])
            assert chat is not None  # noqa: S101 - it was listed just now
            written = chat_files.write_chat(chat, listing.folders, form, target)
        else:
            if form is ChatForm.JSON and target.is_dir():
                target = target / "chats.json"
            written = chat_files.write_chats(ids, store.load, listing.folders, form, target)
    if args.json:
        print_json(written)
    else:
        print(written.words())
    return 0


def _import(args: argparse.Namespace) -> int:
    found = [file_child.read_chats(path) for path in _files(args.words)]
    with _store() as store:
        report = chat_files.take_in(store, found)
    if args.json:
        print_json(
            {
                "sources": report.sources,
                "chats": report.n_chats,
                "messages": report.n_messages,
                "known": report.n_known,
                "left_out": {kind.value: n for kind, n in report.left_out},
            }
        )
        return 0
    print(report.words())
    if report.left_out:
        print(report.left_out_words())
    return 0


def _files(words: Sequence[str]) -> list[Path]:
    """Files as they are named; of a folder those that LM Studio's end as."""
    files: list[Path] = []
    for word in words:
        path = Path(word).expanduser().absolute()
        files += sorted(path.rglob("*.conversation.json")) if path.is_dir() else [path]
    if not files:
        raise UserError("file_unreadable", "The folder holds no chats.", "No file in it ends in .conversation.json.")
    return files


def _found(listing: ChatList, words: str) -> str:
    same = [e.id for e in listing.entries if e.id.startswith(words)] if len(words) >= 4 else []
    same = same or [e.id for e in listing.entries if e.title.lower() == words.lower()]
    if len(same) == 1:
        return same[0]
    why = f"{len(same)} chats are meant by it." if same else "No id begins so, and no title is the same."
    raise UserError("chat_missing", f"There is no one chat “{words}”.", why, (NextStep("launcher chats list"),))


@contextmanager
def _store() -> Generator[ChatStore]:
    store = ChatStore(data_dir() / "chats.sqlite", is_guest=True)
    try:
        if store.notice is not None:
            print(f"{store.notice.what} {store.notice.why}", file=sys.stderr)
        yield store
    finally:
        # What a running window has deleted can still be brought back there.
        store.close(forgets_deleted=False)
