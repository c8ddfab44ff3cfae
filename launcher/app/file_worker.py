"""The child's side of `file_child`: reads one request from its input, writes one JSON document, and ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from launcher.chat.conversation import Conversation
from launcher.core.codec import from_json, to_json
from launcher.core.errors import UserError
from launcher.core.words import keep_templates
from launcher.engine.protocol import Failure

_MOST_MEMORY_BYTES = 6 * 2**30
"""Of addresses. The largest chat file that is read needs half of it; a file that wants more is an attack or a fault."""


def run(arguments: Sequence[str]) -> int:
    """Do the work the first argument names; the answer is on the standard output, also of a failure.

    Sentences of a failure go there with their templates, so that they are said in the language of who asked.
    """
    verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "pdf": _pdf,
        "chats": _chats,
        "attachment": _attachment,
    }
    # Libraries may print; only the answer goes where it is read.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _limit()
    keep_templates()
    request: dict[str, Any] = json.load(sys.stdin)
    try:
        answer = verbs[arguments[0]](request)
    except UserError as error:
        answer = {"error": to_json(Failure.of(error))}
    with channel:
        json.dump(answer, channel)
    return 0


def _limit() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))


def _pdf(request: dict[str, Any]) -> dict[str, Any]:
    from launcher.ui.chat_pdf import painting_application, write

    application = painting_application()
    if request["is_translated"]:
        from launcher.app.i18n import install_translation

        install_translation(application)
    return {"pages": write(from_json(Conversation, request["chat"]), Path(request["target"]))}


def _attachment(request: dict[str, Any]) -> dict[str, Any]:
    from launcher.chat.attachments_read import read_attachment

    return {"attachment": to_json(read_attachment(Path(request["path"])))}


def _chats(request: dict[str, Any]) -> dict[str, Any]:
    from launcher.chat.imports import read_file

    found = read_file(Path(request["path"]))
    return {
        "source": found.source,
        "chats": to_json(found.chats),
        "folders": to_json(found.folders),
        "left_out": {kind.value: n for kind, n in found.left_out.items()},
    }
