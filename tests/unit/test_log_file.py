"""The log on the disk: full files become older ones, and nothing about the disk ends the program."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.app.log_file import LogFile


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    handler = LogFile(tmp_path / "a.log", most_bytes=30, n_older=2)
    yield handler
    handler.close()


def write(log: LogFile, *texts: str) -> None:
    for text in texts:
        log.handle(logging.LogRecord("x", logging.INFO, __file__, 1, text, None, None))


def test_a_full_file_becomes_an_older_one_and_the_oldest_goes(log: LogFile, tmp_path: Path) -> None:
    write(log, "short", *(f"{n} {'ü' * 20}" for n in range(4)), "last")
    found = {path.name: path.read_text("utf-8").split()[0] for path in tmp_path.iterdir()}
    assert found == {"a.log": "last", "a.log.1": "3", "a.log.2": "2"}


def test_it_continues_the_file_of_an_earlier_start(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("before " * 4)
    handler = LogFile(tmp_path / "a.log", most_bytes=30, n_older=2)
    write(handler, "now", "then")
    handler.close()
    assert (tmp_path / "a.log.1").read_text().endswith("now\n")
    assert (tmp_path / "a.log").read_text() == "then\n"


def test_a_folder_that_is_gone_does_not_end_the_program(
    log: LogFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.log").unlink()
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    write(log, "x" * 40, "y")
    assert "Logging error" in capsys.readouterr().err
    tmp_path.with_name("elsewhere").rename(tmp_path)
