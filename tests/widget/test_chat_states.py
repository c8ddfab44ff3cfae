"""The window's way to saved states: two chats in turn, the next start of the program, a chat that is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from launcher.core.downloads import Installed
from launcher.core.generation import Answer, ChatTurn, GenerateRequest
from launcher.core.models import Sampling
from launcher.core.plans import Wishes
from launcher.engine.kv_states import chat_states
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from tests.fakes.gguf_models import make_model

PATIENCE_MS = 60_000
QUESTION = "The small model reads your question. " * 50
ROLES = ("user", "assistant")


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("states") / "tiny.gguf", template="v3")


@pytest.fixture
def start(qtbot: QtBot, model_path: Path) -> Iterator[Callable[[], EngineService]]:
    """A service with the model in it, as after a start of the program."""
    owner = QObject()
    made: list[EngineService] = []

    def begin() -> EngineService:
        service = EngineService(owner)
        made.append(service)
        service.set_state_cap(10**9)
        size = model_path.stat().st_size
        installed = Installed("tiny", "Tiny", "F16", str(model_path), size, "deepseek2", "launcher", True)
        with qtbot.waitSignal(service.loaded, timeout=PATIENCE_MS):
            service.open(installed, Wishes(context=4096, n_gpu_layers=0))
        return service

    yield begin
    for service in made:
        service.close()
    owner.deleteLater()


def ask(qtbot: QtBot, service: EngineService, chat_id: str, *turns: str) -> Answer:
    given = tuple(ChatTurn(ROLES[i % 2], text) for i, text in enumerate(turns))
    with qtbot.waitSignal(service.answer_finished, timeout=PATIENCE_MS) as finished:
        service.generate(GenerateRequest(given, Sampling(temperature=0), max_tokens=8), chat_id)
    assert finished.args is not None
    answer = finished.args[0]
    assert isinstance(answer, Answer)
    return answer


def test_two_chats_in_turn_and_the_next_start(start: Callable[[], EngineService], qtbot: QtBot) -> None:
    service = start()
    a = ask(qtbot, service, "chat-a", QUESTION)
    b = ask(qtbot, service, "chat-b", "Now for something else.", "Yes?", QUESTION)
    back = ask(qtbot, service, "chat-a", QUESTION, a.answer, "Go on.").timings
    assert back.restored_tokens == back.reused_tokens > 350
    assert back.prompt_tokens - back.reused_tokens < 20  # only what is new
    service.close()
    assert chat_states().count() == 2
    service = start()
    turns = ("Now for something else.", "Yes?", QUESTION, b.answer, "Go on.")
    assert ask(qtbot, service, "chat-b", *turns).timings.restored_tokens > 350
    # No chat, no state; and none where the user gives no room.
    assert ask(qtbot, service, "", QUESTION, "No.").timings.restored_tokens == 0
    with qtbot.waitSignal(service.states_changed, timeout=PATIENCE_MS):
        service.set_state_cap(0)
    assert chat_states().count() == 0
    ask(qtbot, service, "chat-c", QUESTION)
    service.close()
    assert chat_states().count() == 0


def test_a_state_goes_with_its_chat(qtbot: QtBot) -> None:
    from launcher.chat.conversation import Maker

    owner = QObject()
    store, make, states = ChatService(owner), Maker(), chat_states(10**9)
    kept, deleted = make.conversation(), make.conversation()
    states.make_room(1, states.path(kept.id))
    for chat in (kept, deleted):
        states.path(chat.id).write_bytes(b"state")
        store.create(chat)
    with qtbot.waitSignal(store.conversations_listed, timeout=PATIENCE_MS):
        store.delete(deleted.id)
    assert states.path(deleted.id).exists()  # it can still be undone
    store.close()
    assert states.path(kept.id).exists()
    assert not states.path(deleted.id).exists()
    owner.deleteLater()
