"""Damaged model files: the engine may die of them, the app never does (tests/bench/gguf_fuzz.py does it by the thousand)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.bench import gguf_fuzz

# Those that once got further than they should: templates nested too deeply, names of megabytes, experts of which none is used.
_ONCE_WRONG = (283, 389, 1132, 1193, 1414)


def test_damaged_files_end_in_a_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "launcher.engine.supervision")  # a second try without special layouts is a warning
    models = gguf_fuzz.good_models(tmp_path)
    with gguf_fuzz.limited_memory():
        outcome = gguf_fuzz.run(models, seed=1, numbers=range(30))
        for number in _ONCE_WRONG:
            one = gguf_fuzz.run(models, seed=1, numbers=range(number, number + 1))
            outcome.failures += one.failures
            outcome.ends.update(one.ends)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert {where for where, _ in outcome.ends} >= {"answered", "not planned", "not loaded"}
