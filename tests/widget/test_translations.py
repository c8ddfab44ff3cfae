"""The translations that ship are complete, mean the same placeholders, and are compiled from what is in the source."""

from __future__ import annotations

import ast
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from launcher import catalog, planner
from launcher.app.i18n import install_translation
from launcher.catalog import hub_errors
from launcher.core import words
from launcher.core.errors import NextStep, UserError
from launcher.core.units import duration
from launcher.ui.components import Banner, Button
from launcher.ui.models.words import date_words
from launcher.ui.shell import StatusBar
from tests.unit.planner_machines import described

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = sorted((ROOT / "resources" / "i18n").glob("launcher_*.ts"))
_HAN = re.compile("[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/i18n/update.py."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging" / "i18n"))
    import update

    return update


@pytest.fixture
def chinese(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The application in Simplified Chinese, as LAUNCHER_LANGUAGE makes it."""
    before, known = QLocale(), set(qapp.findChildren(QTranslator))
    monkeypatch.setenv("LAUNCHER_LANGUAGE", "zh_CN")
    install_translation(qapp)
    yield
    for translator in set(qapp.findChildren(QTranslator)) - known:
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QLocale.setDefault(before)
    words.set_translation(None)
    catalog.load.cache_clear()


def messages(ts: Path) -> dict[tuple[str, str, str], ET.Element]:
    """(context, source, comment) -> translation element."""
    found: dict[tuple[str, str, str], ET.Element] = {}
    for context in ET.parse(ts).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            key = (context.findtext("name", ""), message.findtext("source", ""), message.findtext("comment", ""))
            found[key] = translation
    return found


def test_there_is_a_chinese_translation():
    assert "launcher_zh_CN.ts" in [ts.name for ts in TRANSLATIONS]


@pytest.mark.parametrize("ts", TRANSLATIONS, ids=lambda ts: ts.name)
def test_every_message_is_translated_with_the_same_placeholders(ts):
    for key, translation in messages(ts).items():
        text = translation.text or ""
        assert text.strip(), key
        assert translation.get("type") is None, key
        assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(key[1])), key


@pytest.mark.parametrize("ts", TRANSLATIONS, ids=lambda ts: ts.name)
def test_it_has_the_strings_of_the_source_and_no_others(tool, ts, tmp_path):
    """Fails after a string has changed: run packaging/i18n/update.py and translate what is unfinished."""
    copy = tmp_path / ts.name
    shutil.copy(ts, copy)
    tool.update(copy)
    assert set(messages(ts)) == set(messages(copy))


@pytest.mark.parametrize("ts", TRANSLATIONS, ids=lambda ts: ts.name)
def test_what_the_window_loads_is_compiled_from_it(tool, ts, tmp_path):
    fresh = tmp_path / "fresh.qm"
    tool.compile_ts(ts, fresh)
    assert fresh.read_bytes() == ts.with_suffix(".qm").read_bytes()


def test_the_window_speaks_chinese(qtbot, theme, chinese):
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.set_context(1024, 8192)
    assert bar.accessibleName() == "状态"
    assert QCoreApplication.translate("ChoiceCard", "Biggest that runs") == "能运行的最大模型"
    assert date_words("2026-11-21") == "2026年11月21日"


def test_the_texts_of_qt_itself_are_chinese(qapp, chinese):
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy") == "复制(&C)"


def test_the_rooms_without_qt_speak_chinese(chinese):
    machine = described("rtx4090-64gb")
    catalog.load.cache_clear()
    found = planner.recommend(machine, catalog.load().variants)
    plan = found.recommended
    assert plan is not None
    said = [plan.summary, plan.strengths, plan.honest_note, *plan.reasons, *plan.warnings, found.why_not_bigger]
    said += [*found.role_reasons.values(), *(r.why for r in found.rejected)]
    assert plan.summary == "全部 64 层在 RTX 4090 上"
    assert all(_HAN.search(text) for text in said if text)
    assert duration(160) == "2 分 40 秒"


def test_templates_are_literals(tool, tmp_path, monkeypatch):
    source = tmp_path / "launcher" / "core" / "room.py"
    source.parent.mkdir(parents=True)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    source.write_text("say('one {n} ' 'two', n=1)")
    assert list(tool.templates()) == ["one {n} two"]
    source.write_text("say(f'{n} files')")
    with pytest.raises(SystemExit, match=r"room\.py:1"):
        list(tool.templates())


class _Translated(ast.NodeVisitor):
    """Finds every translated literal as Python sees it: (context, text)."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self.not_literal: list[str] = []
        self._classes = [""]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        values = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        if name == "self.tr":
            context, text = self._classes[-1], values[0]
        elif name in ("translate", "QCoreApplication.translate"):
            context, text = values[:2]
        else:
            return
        if isinstance(context, str) and isinstance(text, str):
            self.found.add((context, text))
        else:
            self.not_literal.append(ast.unparse(node))


@pytest.mark.parametrize("room", ["app", "services", "ui"])
def test_lupdate_sees_what_is_translated(room):
    """It overlooks a call inside an f-string and a text that is a variable; both would stay English without a word."""
    known = {(context, source) for context, source, _ in messages(ROOT / "resources/i18n/launcher_zh_CN.ts")}
    for path in sorted((ROOT / "launcher" / room).rglob("*.py")):
        if path.name in ("gallery.py", "i18n.py"):
            continue
        calls = _Translated()
        calls.visit(ast.parse(path.read_text("utf-8")))
        assert not calls.not_literal, path
        assert not calls.found - known, path


def test_errors_are_chinese_where_they_are_shown(qtbot, theme, chinese):
    # The first as the engine's own process makes it (English texts without values), the second with numbers.
    step = NextStep("Load again", "load_again")
    worker = UserError("decode_failed", "The engine could not compute the next token.", "RAM free now: 2 GiB.", (step,))
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_error(worker)
    assert banner.texts == ("引擎无法计算下一个词元。", "RAM free now: 2 GiB.")
    assert [b.text() for b in banner.findChildren(Button) if b.text()] == ["重新加载"]
    banner.show_error(hub_errors.status_error(503, {}, "https://hub.example", "owner/name"))
    assert banner.texts == ("hub 目前有故障。", "hub.example 返回 503。")
