"""The library page by its names, its service with real files, and files dropped on the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher.core.downloads import Origin
from launcher.core.errors import UserError
from launcher.services.library_values import Library, LibraryEntry, Work, WorkKind
from launcher.ui.components import Text
from launcher.ui.downloads import DownloadsPage
from launcher.ui.drop_overlay import DropOverlay, offer_of
from launcher.ui.dropped import sorted_out
from launcher.ui.library import DownloadsArea
from launcher.ui.library.list_view import LibraryList
from launcher.ui.library.page import LibraryPage
from launcher.ui.library.words import use_words
from launcher.ui.main_window import MainWindow
from tests.widget import library_values as v

GB = 10**9


@pytest.fixture
def page(qtbot: QtBot) -> LibraryPage:
    made = LibraryPage()
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    made.set_library(v.LIBRARY)
    return made


def buttons(page: QWidget) -> dict[str, QAbstractButton]:
    return {b.accessibleName() or b.text(): b for b in page.findChildren(QAbstractButton) if b.isVisible()}


def says(page: QWidget) -> str:
    return "\n".join(label.text() for label in page.findChildren(Text) if label.isVisible())


def rows(page: LibraryPage) -> list[str]:
    model = page.findChildren(LibraryList)[0].view.model()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(model.data(model.index(i, 0), role)) for i in range(model.rowCount())]


def test_every_row_tells_all_that_is_known(page: LibraryPage) -> None:
    found = rows(page)
    assert len(found) == 9
    day = v.LIBRARY.entries[0].check
    assert day is not None
    assert found[0].startswith(
        "R1-Distill-Qwen-7B Q4_K_M, 4.7 GB, all on card, 92 tokens/s, Fetched here, last used yesterday, verified "
    )
    assert found[0].endswith(", newer version")
    assert found[1] == (
        "Coder-V2-Lite-Instruct Q8_0, 16.7 GB, all on card, 92 tokens/s, LM Studio, last used 4 days ago, checksum differs"
    )
    assert any("52 of 64 layers on card" in row for row in found)
    assert any("needs 3.2 GiB more, Hugging Face cache, last used never, not checked" in row for row in found)
    assert any("3.1 GB, unknown, A folder of yours, last used never, no checksum known" in row for row in found)
    assert found[6] == "Cannot be used: 2"
    assert found[7] == f"{v.BROKEN.path}, 2 of 5 parts are missing: 00002 and 00004."
    assert "6 models, 99.1 GB, 31.6 GB of them fetched here." in says(page)


def test_search_and_order(page: LibraryPage) -> None:
    search = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Search the models on this PC")
    order = next(c for c in page.findChildren(QComboBox) if c.accessibleName() == "Sort by")
    order.setCurrentIndex(2)
    assert rows(page)[0].startswith("R1-Distill-Llama-70B")
    order.setCurrentIndex(1)
    assert rows(page)[0].startswith("Coder-V2-Lite")
    search.setText("lm studio")
    assert [row.split(",")[0] for row in rows(page)] == [
        "Coder-V2-Lite-Instruct Q8_0", "Cannot be used: 1", v.BROKEN.path,
    ]  # fmt: skip
    search.setText("nothing of that name")
    assert "No model on this PC is called \u201cnothing of that name\u201d." in says(page)
    buttons(page)["Clear the search"].click()
    assert len(rows(page)) == 9


def test_one_of_ours_can_be_chatted_with_verified_moved_pinned_and_removed(page: LibraryPage, qtbot: QtBot) -> None:
    panel, found = page.panel, buttons(page)
    for name, signal in (
        ("Chat with R1-Distill-Qwen-7B Q4_K_M", page.chat_requested),
        ("Verify R1-Distill-Qwen-7B Q4_K_M", panel.verify_requested),
        ("Move R1-Distill-Qwen-7B Q4_K_M to another disk", panel.move_requested),
    ):
        with qtbot.waitSignal(signal) as caught:
            found[name].click()
        assert caught.args == [v.SEVEN]
    with qtbot.waitSignal(panel.reveal_requested) as caught:
        found["Show in folder"].click()
    assert caught.args == [v.SEVEN.path]
    with qtbot.waitSignal(panel.pin_changed) as caught:
        found["Keep this version"].click()
    assert caught.args == [v.SEVEN, True]
    assert "A newer version exists: 4.7 GB" in says(page)
    with qtbot.waitSignal(panel.update_requested) as caught:
        found["Update"].click()
    assert caught.args == [v.UPDATE]
    with qtbot.assertNotEmitted(panel.remove_requested):
        found["Remove R1-Distill-Qwen-7B Q4_K_M"].click()
    assert "Removing it frees 4.7 GB. It can be fetched again." in says(page)
    with qtbot.waitSignal(panel.remove_requested) as caught:
        buttons(page)["Delete 4.7 GB"].click()
    assert caught.args == [v.SEVEN]
    assert "Delete 4.7 GB" not in buttons(page)


def test_what_others_put_there_is_explained_and_shown_but_not_deleted(page: LibraryPage, qtbot: QtBot) -> None:
    page.choose(v.CODER.path)
    found = buttons(page)
    assert "Move Coder-V2-Lite-Instruct Q8_0 to another disk" not in found
    assert "Keep this version" not in found
    assert "The bytes differ from what was published: Coder-V2-Lite-Instruct-Q8_0.gguf." in says(page)
    found["Remove Coder-V2-Lite-Instruct Q8_0"].click()
    assert "It came with LM Studio and may be in use there, so it is not deleted from here." in says(page)
    assert not [name for name in buttons(page) if name.startswith("Delete")]
    with qtbot.waitSignal(page.panel.reveal_requested):
        buttons(page)["Show its folder"].click()
    page.choose(v.SEVEN.path)  # the question was about the other one
    assert "Removing it frees" not in says(page)


def test_a_file_that_was_added_is_only_taken_off_the_list(page: LibraryPage, qtbot: QtBot) -> None:
    mine = v.model("mine", "Q4_0", 1.0, Origin.FILE)
    page.set_library(Library((LibraryEntry(mine),), ()))
    buttons(page)["Remove mine Q4_0"].click()
    assert "Only this list forgets it; the file stays." in says(page)
    assert "Delete 1.0 GB" not in buttons(page)
    with qtbot.waitSignal(page.panel.remove_requested) as caught:
        buttons(page)["Take it off the list"].click()
    assert caught.args == [mine]


def test_broken_files_say_why_and_ours_can_be_fetched_again(page: LibraryPage, qtbot: QtBot) -> None:
    page.choose(v.BROKEN.path)
    assert "2 of 5 parts are missing: 00002 and 00004." in says(page)
    assert "Fetch again" not in buttons(page)
    assert not [name for name in buttons(page) if name.startswith(("Chat", "Verify", "Remove"))]
    page.choose(v.OURS_BROKEN.path)
    with qtbot.waitSignal(page.panel.fetch_again_requested) as caught:
        buttons(page)["Fetch again"].click()
    assert caught.args == [v.OURS_BROKEN.path]


def test_long_work_shows_how_far_it_is_and_can_be_stopped(page: LibraryPage, qtbot: QtBot) -> None:
    page.set_work(Work(WorkKind.VERIFY, v.SEVEN.path))
    assert "Waiting to be verified…" in says(page)
    page.set_work(Work(WorkKind.VERIFY, v.SEVEN.path, round(1.2 * GB), round(4.7 * GB)))
    assert "Verifying: 1.2 GB of 4.7 GB read" in says(page)
    assert not buttons(page)["Verify R1-Distill-Qwen-7B Q4_K_M"].isEnabled()
    with qtbot.waitSignal(page.panel.cancel_requested) as caught:
        buttons(page)["Cancel"].click()
    assert caught.args == [v.SEVEN.path]
    page.choose(v.CODER.path)
    assert "Verifying" not in says(page)
    page.end_work(v.SEVEN.path)
    page.choose(v.SEVEN.path)
    assert "Verifying" not in says(page)
    page.set_work(Work(WorkKind.LOOK_FOR_UPDATES, ""))
    assert "Asking the server for newer versions…" in says(page)
    with qtbot.waitSignal(page.updates_cancelled):
        buttons(page)["Stop looking for updates"].click()
    assert not buttons(page)["Look for updates"].isEnabled()
    page.end_work("")
    assert buttons(page)["Look for updates"].isEnabled()


def test_the_keyboard_reaches_every_model_and_opens_it(page: LibraryPage, qtbot: QtBot) -> None:
    view = page.findChildren(LibraryList)[0].view
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    with qtbot.waitSignal(page.chat_requested) as caught:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert caught.args == [v.CODER]
    for _ in range(6):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert "2 of 5 parts are missing" in says(page)  # over the heading, which cannot be chosen
    with qtbot.assertNotEmitted(page.chat_requested):
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_new_values_keep_the_choice_and_the_place(page: LibraryPage) -> None:
    page.choose(v.CACHE.path)
    first = v.LIBRARY.entries[0]
    later = replace(first, model=replace(first.model, last_used_unix_s=v.NOW))
    page.set_library(replace(v.LIBRARY, entries=(later, *v.LIBRARY.entries[1:])))
    assert page.panel.path == v.CACHE.path
    page.set_library(replace(v.LIBRARY, entries=v.LIBRARY.entries[:1], broken=()))
    assert page.panel.path == v.SEVEN.path
    assert "1 model, 4.7 GB." in says(page)
    page.choose(v.CACHE.path)  # just added, and listed a moment later
    page.set_library(v.LIBRARY)
    assert page.panel.path == v.CACHE.path


def test_an_empty_disk_says_what_would_be_listed(page: LibraryPage, qtbot: QtBot) -> None:
    page.set_library(Library((), ()))
    assert "No model is on this PC yet." in says(page)
    with qtbot.waitSignal(page.home_requested):
        buttons(page)["Choose a model"].click()
    with qtbot.waitSignal(page.add_folder_requested):
        buttons(page)["Add a folder…"].click()


def test_three_hundred_models_cost_no_widgets(page: LibraryPage) -> None:
    before = len(page.findChildren(QWidget))
    many = tuple(
        LibraryEntry(replace(v.SEVEN, name=f"model {i}", path=f"/models/{i}.gguf"), v.PLAN, True) for i in range(300)
    )
    page.set_library(Library(many, ()))
    assert len(rows(page)) == 300
    assert len(page.findChildren(QWidget)) == before


def test_every_control_has_a_name(page: LibraryPage) -> None:
    for path in (v.SEVEN.path, v.CODER.path, v.OURS_BROKEN.path):
        page.choose(path)
        controls = [
            w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()
        ]
        names = [QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name) for w in controls]
        assert len(names) >= 7
        assert all(names)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("days", "words"), [(None, "never"), (0, "today"), (1, "yesterday"), (6, "6 days ago"), (400, "20")]
)
def test_last_use_in_words(qapp: QApplication, days: int | None, words: str) -> None:
    del qapp
    said = use_words(None if days is None else v.NOW - days * v.DAY)
    assert words in said


def test_downloads_and_library_share_a_place(qtbot: QtBot) -> None:
    first = DownloadsPage()
    made: list[LibraryPage] = []

    def make() -> LibraryPage:
        made.append(LibraryPage())
        return made[-1]

    area = DownloadsArea(first, make)
    qtbot.addWidget(area)
    area.show()
    assert first.isVisible()
    assert not made, "it waits until somebody looks at it"
    with qtbot.waitSignal(area.shown) as caught:
        buttons(area)["Show: On this PC"].click()
    assert caught.args == ["library"]
    (second,) = made
    assert second.isVisible()
    assert second.isAncestorOf(buttons(area)["Show: On this PC"]), "the switch stands beside the title that shows"
    buttons(area)["Show: On this PC"].setFocus()
    area.show_part("downloads")
    assert buttons(area)["Show: Downloads"].isChecked()
    assert area.focusWidget() is buttons(area)["Show: On this PC"], "the keyboard stays on the switch"
    title = next(text for text in first.title_line.findChildren(Text) if text.text() == "Downloads")
    assert first.title_line.height() <= title.sizeHint().height() + 2, "the switch costs no line of its own"


# --- dropping on the window ---


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    made = MainWindow("test")
    qtbot.addWidget(made)
    page = QWidget()
    field = QPlainTextEdit(page)
    field.setObjectName("field")
    made.add_page("home", "house", "Home", page)
    with qtbot.waitSignal(made.painted, timeout=60_000):
        made.show()
    QApplication.processEvents()  # its fields give files away from the turn of the event loop after the first frame
    return made


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def text(words: str) -> QMimeData:
    data = QMimeData()
    data.setText(words)
    return data


def enter(target: QWidget, data: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(target, event)
    return event


def drop(target: QWidget, data: QMimeData) -> QDropEvent:
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(target, event)
    return event


def test_files_dropped_anywhere_are_told_with_what_will_happen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    overlay = window.findChildren(DropOverlay)[0]
    one, two = tmp_path / "a.gguf", tmp_path / "b.gguf"
    for path in (one, two):
        path.write_bytes(b"GGUF")
    field = window.findChildren(QPlainTextEdit)[0]
    for target in (window, field):
        data = files(one, two)
        enter(target, data)
        if target is field:
            enter(window, data)  # Qt goes on to the window where the field does not take it
        assert overlay.isVisible()
        assert overlay.geometry() == window.rect()
        assert overlay.texts() == ("Add 2 files to the library", "They stay where they are.")
        if target is field:
            enter(overlay, data)  # with the next movement it is over the overlay
        with qtbot.waitSignal(window.files_dropped) as caught:
            event = drop(overlay, data)
        assert caught.args == [(str(one), str(two))]
        assert event.dropAction() is Qt.DropAction.CopyAction  # a move would make the other program delete it
        assert not overlay.isVisible()
    assert field.toPlainText() == ""
    data = files(tmp_path)
    enter(window, data)
    assert overlay.texts() == (f"Look for models in {tmp_path.name}", "Nothing in the folder is changed.")
    data = files(one)
    enter(window, data)
    assert overlay.texts() == ("Add a.gguf to the library", "The file stays where it is.")


@pytest.mark.parametrize(
    ("names", "what", "how"),
    [
        (["notes.md"], "Attach notes.md to the message", "Its text goes with your next message."),
        (["a.CSV"], "Attach a.CSV to the message", "The table goes as text with your next message."),
        (["main.rs"], "Attach main.rs to the message", "The code goes with your next message."),
        (["paper.pdf"], "Attach paper.pdf to the message", "Its text goes with your next message, without pictures."),
        (["x.png"], "x.png cannot be attached", "Text, source, Markdown, CSV, PDF and DOCX files can be attached."),
        (["conversations.json"], "Import the chats of conversations.json", "Chats that are here already are not doubled."),
        (["1.conversation.json", "b.zip"], "Import the chats of 2 files", "Chats that are here already are not doubled."),
        (["a.txt", "b.py"], "Attach 2 files to the message", "Their text goes with your next message."),
        (["a.txt", "b.gguf"], "Take 2 files", "Models to the library, chats to the chats, texts to the message."),
    ],
)  # fmt: skip
def test_each_kind_of_file_is_named_with_what_happens_to_it(
    window: MainWindow, tmp_path: Path, names: list[str], what: str, how: str
) -> None:
    overlay = window.findChildren(DropOverlay)[0]
    data = files(*(tmp_path / name for name in names))
    enter(window, data)
    assert overlay.texts() == (what, how)
    assert overlay.accessibleName() == f"{what} {how}"
    overlay.hide()


def test_files_go_where_the_overlay_says(tmp_path: Path) -> None:
    (tmp_path / "DeepSeek-V2.5").mkdir()
    names = (
        "a.gguf",
        "folder",
        "DeepSeek-V2.5",
        "conversations-001.json",
        "export.zip",
        "config.json",
        "x.png",
        "a.docx",
    )
    found = sorted_out(tuple(str(tmp_path / name) for name in names))
    assert [tuple(Path(p).name for p in group) for group in (found.library, found.chats, found.message)] == [
        ("a.gguf", "folder", "DeepSeek-V2.5"),
        ("conversations-001.json", "export.zip"),
        ("config.json", "x.png", "a.docx"),
    ]


def test_a_field_refuses_files_and_keeps_text(window: MainWindow, tmp_path: Path) -> None:
    field = window.findChildren(QPlainTextEdit)[0]
    data = files(tmp_path / "a.gguf")
    assert not enter(field, data).isAccepted() or window.findChildren(DropOverlay)[0].isVisible()
    words = text("some words")
    assert enter(field.viewport(), words).isAccepted()


def test_links_to_models_are_taken_and_other_text_is_not(window: MainWindow, qtbot: QtBot) -> None:
    overlay = window.findChildren(DropOverlay)[0]
    link = "https://huggingface.co/unsloth/R1-GGUF/blob/main/R1-Q4_K_M.gguf"
    data = text(link)
    assert enter(window, data).isAccepted()
    assert overlay.texts()[0] == "Download from this link"
    with qtbot.waitSignal(window.link_dropped) as caught:
        drop(overlay, data)
    assert caught.args == [link]
    for words in ("hello", "https://example.org/page", "javascript:alert(1).gguf", "two words.gguf", ""):
        assert offer_of(text(words)) is None
    assert not enter(window, text("hello")).isAccepted()


def test_a_message_offers_what_can_be_done(page: LibraryPage) -> None:
    page.show_error(UserError("not_gguf", "a.txt is not a GGUF model.", "It begins otherwise."))
    assert "a.txt is not a GGUF model." in says(page)
