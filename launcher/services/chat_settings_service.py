"""What the settings of a chat need from the disk and from the engine's rules, off the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from launcher.catalog import builtin, listing
from launcher.chat.prompts import PromptPreset, library
from launcher.core.errors import UserError
from launcher.core.models import Variant
from launcher.core.paths import config_dir
from launcher.services.tasks import TaskRunner
from launcher.store.prompts import PromptStore


class ChatSettingsService(QObject):
    """The library of system prompts, the check of JSON schemas, and what is known of a model that is not loaded.

    Signals:
        prompts_listed(tuple[PromptPreset, ...]): of the program, in every language, then the user's own.
        schema_checked(str, UserError): a text that was given to `check_schema`, and why it cannot be used; None when it can.
        variant_found(str, Variant): the catalog's description of the model of that id; None for one it does not know.
        failed(UserError): a prompt could not be read or written.
    """

    prompts_listed = Signal(object)
    schema_checked = Signal(str, object)
    variant_found = Signal(str, object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("chat-settings", self, serial=True)
        self._store: PromptStore | None = None  # of the thread

    def list_prompts(self) -> None:
        """`prompts_listed` follows."""
        self._tasks.run(self._all, self.prompts_listed.emit, self.failed.emit)

    def save_prompt(self, name: str, text: str) -> None:
        """Keep a prompt under a name; one of that name gets the new text. `prompts_listed` or `failed` follows."""
        self._tasks.run(lambda: self._opened().add(name, text), None, self.failed.emit)
        self.list_prompts()

    def rename_prompt(self, preset_id: str, name: str) -> None:
        """Give an own preset another name."""
        self._tasks.run(lambda: self._opened().rename(preset_id, name), None, self.failed.emit)
        self.list_prompts()

    def delete_prompt(self, preset_id: str) -> None:
        """Forget an own preset."""
        self._tasks.run(lambda: self._opened().delete(preset_id), None, self.failed.emit)
        self.list_prompts()

    def check_schema(self, text: str) -> None:
        """`schema_checked` follows."""
        self._tasks.run(lambda: _problem(text), lambda problem: self.schema_checked.emit(text, problem))

    def find_variant(self, model: str) -> None:
        """`variant_found` follows. `model` is the id of an `Installed`."""
        self._tasks.run(lambda: _variant(model), lambda variant: self.variant_found.emit(model, variant))

    def close(self) -> None:
        """End the thread; a prompt that is being written is written."""
        self._tasks.close()

    def _opened(self) -> PromptStore:
        if self._store is None:
            self._store = PromptStore(config_dir() / "prompts.json")
        return self._store

    def _all(self) -> tuple[PromptPreset, ...]:
        store = self._opened()
        if store.notice is not None:
            self.failed.emit(store.notice)
            store.notice = None
        return (*library(), *store.all())


def _problem(text: str) -> UserError | None:
    # The engine's own rules; nothing of llama.cpp is needed for them.
    from launcher.engine.worker.schema_grammar import grammar_of_schema

    try:
        grammar_of_schema(text)
    except UserError as error:
        return error
    return None


def _variant(model: str) -> Variant | None:
    try:
        return builtin.variant() if builtin.is_named(model) else listing.load().find(model)
    except UserError:
        return None
