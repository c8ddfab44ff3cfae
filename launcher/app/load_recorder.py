"""Keeps what was predicted and what came of every load, for This PC and for better predictions."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from launcher.core.generation import Loaded, Timings
from launcher.core.plans import Plan
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.store.loads import LoadRecord

# Shorter answers say little about the speed: the first tokens carry the start-up of the answer.
_MEASURED_FROM_TOKENS = 16


class LoadRecorder(QObject):
    """Writes one record per load and completes it with the newest answer's figures."""

    def __init__(self, engine: EngineService, store: ChatService, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._store = store
        self._plan: Plan | None = None
        self._record: LoadRecord | None = None
        engine.planned.connect(self._on_planned)
        engine.loaded.connect(self._on_loaded)

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        self._plan, self._record = plan, None

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        plan = self._plan
        if plan is None:
            return
        self._record = LoadRecord(
            id=uuid.uuid4().hex,
            loaded_at=time.time(),
            model=plan.short_name,
            quant=plan.quant,
            placement=loaded.placement,
            predicted_memory=plan.memory,
            predicted_speed=plan.speed,
            actual_memory=loaded.memory,
            actual_load_seconds=loaded.load_seconds,
            path=self._engine.installed.path if self._engine.installed else "",
            engine_version=loaded.engine_version,
            steps=self._engine.steps,
        )
        self._store.save_load(self._record)

    @Slot(object)
    def on_answer_measured(self, timings: Timings) -> None:
        """Take over the figures of an answer."""
        if self._record is None or timings.decode_tokens < _MEASURED_FROM_TOKENS:
            return
        self._record = replace(
            self._record,
            actual_decode_tokens_s=timings.decode_tokens_s,
            actual_prefill_tokens_s=timings.prefill_tokens_s,
            actual_first_token_s=timings.time_to_first_token_s,
        )
        self._store.save_load(self._record)
