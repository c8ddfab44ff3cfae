"""The user's own system prompts: a small JSON file beside the settings, readable and writable by hand."""

from __future__ import annotations

import json
import logging
import os
import uuid
from dataclasses import replace
from pathlib import Path

from launcher.chat.prompts import PromptPreset
from launcher.core.codec import from_json
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.words import say
from launcher.store.broken_file import set_aside

_log = logging.getLogger(__name__)
_MAX_NAME, _MAX_TEXT, _MAX_PRESETS = 200, 200_000, 1000


class PromptStore:
    """Own presets, in the order in which they were made. Every change is on the disk when the call returns.

    Attributes:
        notice: what was wrong with the file, for the user to read once; None normally.
    """

    def __init__(self, path: Path) -> None:
        """Read the file; a missing one is empty, one that cannot be read is kept aside, a wrong entry is left out alone."""
        self.notice: UserError | None = None
        self._path = path
        self._presets: tuple[PromptPreset, ...] = ()
        try:
            entries = from_json(tuple[object, ...], json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return
        except (ValueError, RecursionError) as error:
            self._set_aside(error)
            return
        kept: dict[str, PromptPreset] = {}
        for entry in entries[:_MAX_PRESETS]:
            try:
                preset = replace(from_json(PromptPreset, entry), language="")
            except (ValueError, TypeError) as error:
                _log.warning("A preset of %s is left out: %s", path, error)
                continue
            if preset.id and preset.name.strip() and preset.text.strip():
                kept[preset.id] = replace(preset, name=_one_line(preset.name), text=preset.text[:_MAX_TEXT])
        self._presets = tuple(kept.values())

    def all(self) -> tuple[PromptPreset, ...]:
        """Every own preset."""
        return self._presets

    def add(self, name: str, text: str) -> PromptPreset:
        """Keep a prompt under a name; one of that name gets the new text.

        Raises:
            UserError: ("prompts_not_written", "bad_prompt").
        """
        name = _one_line(name)
        if not name or not text.strip() or len(text) > _MAX_TEXT:
            raise UserError(
                "bad_prompt",
                "The prompt was not saved.",
                say("It needs a name and a text of up to {most} characters.", most=f"{_MAX_TEXT:,}"),
            )
        old = next((p for p in self._presets if p.name == name), None)
        preset = PromptPreset(old.id if old else uuid.uuid4().hex, name, text)
        if old is None:
            self._write((*self._presets, preset))
        else:
            self._write(tuple(preset if p is old else p for p in self._presets))
        return preset

    def rename(self, preset_id: str, name: str) -> None:
        """Give a preset another name; one that is taken or empty changes nothing.

        Raises:
            UserError: "prompts_not_written".
        """
        name = _one_line(name)
        if name and all(p.name != name for p in self._presets):
            self._write(tuple(replace(p, name=name) if p.id == preset_id else p for p in self._presets))

    def delete(self, preset_id: str) -> None:
        """Forget a preset; chats that took its text keep it.

        Raises:
            UserError: "prompts_not_written".
        """
        self._write(tuple(p for p in self._presets if p.id != preset_id))

    def _write(self, presets: tuple[PromptPreset, ...]) -> None:
        entries = [{"id": p.id, "name": p.name, "text": p.text} for p in presets]
        partial = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8", errors="replace") as file:
                file.write(json.dumps(entries, ensure_ascii=False, indent=1))
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self._path)
        except OSError as error:
            raise UserError(
                "prompts_not_written",
                "The prompt could not be saved.",
                f"{self._path}: {error.strerror}.",
                detail=repr(error),
            ) from error
        self._presets = presets

    def _set_aside(self, error: Exception) -> None:
        kept = set_aside(self._path)
        _log.warning("%s cannot be read (%s); kept as %s", self._path, error, kept)
        self.notice = UserError(
            "prompts_broken",
            "The file with your own system prompts could not be read.",
            say("{error}. The file is kept as {kept}.", error=error, kept=kept.name),
            (NextStep("Show the file", StepAction.OPEN_FOLDER, str(kept.parent)),),
        )


def _one_line(name: str) -> str:
    return " ".join(name.split())[:_MAX_NAME]
