"""Work on untrusted or large files in a process of its own: it may hang, crash or eat memory, and the window goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any, cast

from launcher.chat.attachments import Attachment
from launcher.chat.conversation import Conversation, Folder
from launcher.chat.imports import Imported, LeftOut, Source
from launcher.core import own_program
from launcher.core.codec import from_json, to_json
from launcher.core.errors import NextStep, UserError
from launcher.core.units import whole
from launcher.core.words import is_translated, said_again, say
from launcher.engine.protocol import Failure

PDF_SECONDS, READ_SECONDS, ATTACHMENT_SECONDS = 300.0, 600.0, 120.0


def write_pdf(chat: Conversation, target: Path) -> None:
    """The open branch as a PDF; blocks until it is written.

    Raises:
        UserError: ("export_failed") with what the other process said.
    """
    request = {"chat": to_json(chat), "target": str(target), "is_translated": is_translated()}
    run("pdf", request, PDF_SECONDS)


def read_chats(path: Path, stop: threading.Event | None = None) -> Imported:
    """The chats of a file of any known program; blocks until it is read.

    Raises:
        UserError: what `chat.imports.read_file` raises, or ("file_work_failed") it took too long or too much memory.
    """
    result = run("chats", {"path": str(path)}, READ_SECONDS, stop)
    left_out = Counter({LeftOut(k): int(n) for k, n in result["left_out"].items()})
    return Imported(
        Source(result["source"]),
        list(from_json(tuple[Conversation, ...], result["chats"])),  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
        from_json(tuple[Folder, ...], result["folders"]),  # pyright: ignore[reportArgumentType]
        left_out,
    )


def read_attachment(path: Path) -> Attachment:
    """The text of a file that is to go with a message; blocks until it is read.

    Raises:
        UserError: what `chat.attachments_read.read_attachment` raises, or ("file_work_failed").
    """
    return from_json(Attachment, run("attachment", {"path": str(path)}, ATTACHMENT_SECONDS)["attachment"])


def run(verb: str, request: dict[str, Any], seconds: float, stop: threading.Event | None = None) -> dict[str, Any]:
    """Do one piece of work in a child process and return what it answers.

    Args:
        verb: which work, see `file_worker`.
        request: what it needs, as JSON values.
        seconds: it is ended after so long.
        stop: set from another thread to end it.

    Raises:
        UserError: its own, or ("file_work_failed").
    """
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as question, tempfile.TemporaryFile() as log:
        question.write(json.dumps(request).encode("utf-8", "replace"))
        question.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own executable
            own_program.command("file-worker", verb),
            stdin=question,
            stdout=answer,
            stderr=log,
            cwd=tempfile.gettempdir(),
            env=own_program.environment(),
            start_new_session=sys.platform != "win32",
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )
        try:
            code = _wait(process, seconds, stop)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        answer.seek(0)
        log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
        return _result(answer.read(), code, log.read().decode("utf-8", "replace"))


def _wait(process: subprocess.Popen[bytes], seconds: float, stop: threading.Event | None) -> int:
    if stop is None:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise _too_long(seconds) from error
    waited = 0.0
    while waited < seconds:
        if stop.is_set():
            raise UserError("file_work_stopped", "It was stopped.", "Nothing was changed.")
        try:
            return process.wait(0.05)
        except subprocess.TimeoutExpired:
            waited += 0.05
    raise _too_long(seconds)


def _result(data: bytes, code: int, log: str) -> dict[str, Any]:
    try:
        document: object = json.loads(data)
        if not isinstance(document, dict):
            raise _no_answer(code, log)
        answer = cast("dict[str, Any]", document)
        if "error" not in answer:
            return answer
        # Only an error holds sentences: what looks like one in a chat or a file is that text.
        sentences = json.loads(json.dumps(answer["error"]), object_hook=said_again)
        failure = from_json(Failure, sentences)
    except ValueError as error:
        raise _no_answer(code, log) from error
    raise UserError(failure.code, failure.what, failure.why, failure.next_steps, log)


def _no_answer(code: int, log: str) -> UserError:
    return UserError(
        "file_work_failed",
        "The file could not be processed.",
        say("The process for it ended with code {code}; it may have run out of memory.", code=code),
        (NextStep("Try a smaller file"),),
        detail=log,
    )


def _too_long(seconds: float) -> UserError:
    return UserError(
        "file_work_failed",
        "The file takes too long.",
        say("It was not done after {n} seconds and was stopped.", n=whole(round(seconds))),
        (NextStep("Try a smaller file"),),
    )
