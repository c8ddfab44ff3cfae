"""The built-in model on a terminal, as a person on a fresh machine meets it: real processes, a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest

from launcher.catalog import builtin
from tests.engine.test_commands import Terminal, checks, command

HONEST = "not a DeepSeek release"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_chat_tiny_answers_and_says_what_it_is() -> None:
    done = command("chat", "tiny", builtin.PROOF.question)
    assert done.returncode == 0, done.stderr
    assert builtin.PROOF.answer in done.stdout
    assert HONEST in done.stderr
    assert builtin.NAME in done.stderr


def test_its_answers_are_the_same_each_time_with_and_without_a_thought() -> None:
    documents = [
        json.loads(command("chat", "launcher-tiny", builtin.PROOF.question, "--json", "--think", think).stdout)
        for think in ("on", "on", "off")
    ]
    first, again, without = documents
    assert first["answer"] == again["answer"]
    assert first["reasoning"] == again["reasoning"] != ""
    assert not without["reasoning"]
    assert builtin.PROOF.answer in first["answer"]
    # A sum without its steps is a guess for so small a model; it answers with one all the same.
    assert without["answer"].startswith(builtin.PROOF.question)
    assert first["stop_reason"] == "end"
    assert first["model"] == builtin.NAME


def test_a_quantisation_that_it_is_not_there_as() -> None:
    done = command("chat", "tiny", "Hello", "--quant", "Q4_K_M")
    assert done.returncode == 1
    assert builtin.require().quant in done.stderr


def test_plan_bench_and_models_know_it_by_its_label() -> None:
    planned = command("plan", "tiny")
    assert planned.returncode == 0, planned.stderr
    assert HONEST in planned.stdout
    measured = json.loads(
        command("bench", "tiny", "--json", "--prompt", "16", "--tokens", "8", "--repeat", "1", "--depth", "0").stdout
    )
    assert measured["model"] == builtin.NAME
    assert HONEST in command("models").stdout
    assert HONEST in command("models", "tiny").stdout
    document = json.loads(command("models", "--json").stdout)
    assert document["built_in"]["id"] == builtin.MODEL_ID
    assert all(v["id"] != builtin.MODEL_ID for f in document["families"] for v in f["variants"])


def test_it_is_not_managed_and_not_downloaded() -> None:
    before = builtin.path().read_bytes()
    for words in (
        ("library", "remove", "tiny", "--yes"),
        ("library", "move", "tiny", "--to", "/tmp"),
        ("library", "verify", str(builtin.path()), "--repair"),
        ("library", "adopt", str(builtin.path())),
        ("download", "tiny"),
    ):
        done = command(*words)
        assert done.returncode == 1, words
        assert "only read" in done.stderr, words
    assert builtin.path().read_bytes() == before
    listed = command("library", "--no-fit")
    assert HONEST in listed.stdout
    assert json.loads(command("library", "--json", "--no-fit").stdout) == []


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal("chat")
    yield opened
    opened.process.kill()
    opened.process.wait()
    os.close(opened.master)


def test_without_any_model_chat_begins_with_it_and_says_so(terminal: Terminal) -> None:
    terminal.wait_for(re.escape(f"No model is installed yet, so you chat with {builtin.NAME}, "))
    terminal.wait_for(HONEST)
    terminal.wait_for("/download fetches ")
    terminal.wait_for("\n> ")
    terminal.type(f"{builtin.PROOF.question}\n")
    terminal.wait_for(rf"\b{builtin.PROOF.answer}\b")
    terminal.wait_for("\n> ")
    terminal.type("/quit\n")
    assert terminal.end() == 0


def test_a_download_that_fails_leaves_the_chat_with_it(offline: None, terminal: Terminal) -> None:
    """As on a machine without a network."""
    terminal.wait_for("\n> ")
    terminal.type("/download\n")
    terminal.wait_for("HF_HUB_OFFLINE")
    terminal.wait_for("\n> ")
    terminal.type("/quit\n")
    assert terminal.end() == 0


def test_without_a_person_the_way_to_it_is_printed() -> None:
    done = command("chat")
    assert done.returncode == 0, done.stderr
    assert "launcher chat tiny" in done.stdout
    assert HONEST in done.stdout


def test_the_doctor_asks_it() -> None:
    found = checks(command("doctor", "--json", HF_HUB_OFFLINE="1"))["built-in"]
    assert found["ok"], found
    assert builtin.PROOF.answer in str(found["detail"])
    assert "built-in" not in checks(command("doctor", "--json", "--quick", HF_HUB_OFFLINE="1"))
