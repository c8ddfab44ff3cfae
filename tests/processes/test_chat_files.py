"""Chats written to files and taken in again, by the functions of window and terminal and by the command itself."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.conversation import Conversation, Folder
from launcher.chat.imports import Imported, LeftOut, Source
from launcher.cli.main import run_command
from launcher.core.errors import UserError
from launcher.core.paths import data_dir
from launcher.services.chat_files import ChatForm, take_in, write_chat, write_chats
from launcher.store.chats import ChatStore
from tests.unit.test_chat_export import FOLDERS, full_chat
from tests.unit.test_chat_imports import chatgpt_chat, lm_studio_chat, open_webui_chat


def _kept() -> ChatStore:
    return ChatStore(data_dir() / "chats.sqlite")


def _found(*chats: Conversation, folders: tuple[Folder, ...] = ()) -> Imported:
    return Imported(Source.OWN, list(chats), folders)


def test_what_is_here_already_is_told_and_left_alone(tmp_path: Path) -> None:
    chat = full_chat()
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        report = take_in(store, [_found(chat, folders=FOLDERS)])
        assert (report.n_chats, report.n_messages, report.n_known, report.newest_id) == (1, 5, 0, chat.id)
        assert store.load(chat.id) == chat
        assert store.list().folders == FOLDERS
        again = take_in(store, [_found(chat, folders=FOLDERS)])
        assert (again.n_chats, again.n_known) == (0, 1)
        # The same chat with another end is a chat of its own, with ids of its own.
        longer = chat.with_message(replace(chat.messages[0], id="new", parent_id=chat.leaf_id, text="More?"))
        report = take_in(store, [_found(longer)])
        assert report.n_chats == 1
        assert store.load(chat.id) == chat
        copy = store.load(report.newest_id)
        assert copy is not None
        assert [m.text for m in copy.path()] == [m.text for m in longer.path()]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        spoilt = replace(full_chat(), id="other", created_at=None, messages=())  # type: ignore[arg-type]
        with pytest.raises(Exception, match="NOT NULL"):
            take_in(store, [_found(full_chat(), spoilt, folders=FOLDERS)])
        listing = store.list()
        assert (listing.entries, listing.folders) == ((), ())


def test_a_target_that_cannot_be_written_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "chat.md"
    target.write_text("before", "utf-8")
    (tmp_path / "chat.md.part").mkdir()
    with pytest.raises(UserError) as caught:
        write_chat(full_chat(), (), ChatForm.MARKDOWN, target)
    assert caught.value.code == "export_failed"
    assert target.read_text("utf-8") == "before"


def test_an_export_can_be_ended_and_counts_what_is_gone(tmp_path: Path) -> None:
    chats = {f"c{n}": replace(full_chat(), id=f"c{n}") for n in range(3)}
    chats.pop("c1")
    ids = ("c0", "c1", "c2")
    written = write_chats(ids, chats.get, (), ChatForm.MARKDOWN, tmp_path / "all")
    assert (written.n_chats, written.n_gone) == (2, 1)
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == ["Coins & tosses (2).md", "Coins & tosses.md"]
    with pytest.raises(UserError) as caught:
        write_chats(ids, chats.get, (), ChatForm.JSON, tmp_path / "all.json", lambda n: n < 1)
    assert caught.value.code == "export_cancelled"
    assert not list(tmp_path.glob("all.json*"))


def test_the_command_takes_in_and_writes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.conversation.json").write_text(json.dumps(lm_studio_chat()), "utf-8")
    (tmp_path / "conversations.json").write_text(json.dumps([chatgpt_chat()]), "utf-8")
    (tmp_path / "webui.json").write_text(json.dumps([open_webui_chat()]), "utf-8")
    files = [str(folder), str(tmp_path / "conversations.json"), str(tmp_path / "webui.json")]
    assert run_command(["chats", "import", *files, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["chats"], told["messages"], told["known"]) == (3, 11, 0)
    assert told["left_out"][LeftOut.TOOLS] == 3
    with closing(_kept()) as store:
        assert [e.title for e in store.list().entries] == ["How many tosses?", "Coin tosses", "Order"]
        # Hidden in a running window, which may bring it back.
        store.delete(store.list().entries[2].id)
        kept = {e.id: store.load(e.id) for e in store.list().entries}
        store.close = lambda: None  # type: ignore[method-assign]
        store._db.close()
    assert run_command(["chats", "export", "--format", "json", "--to", str(tmp_path / "out.json")]) == 0
    assert "2 chats" in capsys.readouterr().out
    with closing(_kept()) as store:
        assert len(store.ids()) == 3
        for chat_id in kept:
            store.delete(chat_id)
    assert run_command(["chats", "import", str(tmp_path / "out.json")]) == 0
    assert "Added from launcher: 2 chats with 8 messages." in capsys.readouterr().out
    with closing(_kept()) as store:
        assert {i: store.load(i) for i in kept} == kept
    assert run_command(["chats", "export", "Coin tosses", "--format", "html", "--to", str(tmp_path / "c.html")]) == 0
    assert "Six." in (tmp_path / "c.html").read_text("utf-8")
    capsys.readouterr()
    assert run_command(["chats", "import", str(tmp_path / "c.html")]) == 1
    assert "holds no chats" in capsys.readouterr().err
    assert run_command(["chats", "export", "No such", "--to", str(tmp_path / "x.md")]) == 1
    capsys.readouterr()


def test_a_pdf_is_written_by_a_process_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "c.pdf"
    write_chat(full_chat(), (), ChatForm.PDF, target)
    data = target.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(UserError) as caught:
        write_chat(full_chat(), (), ChatForm.PDF, tmp_path / "missing" / "c.pdf")
    assert caught.value.code == "export_failed"
