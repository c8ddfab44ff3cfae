"""Figures of answers that only the meters know: they come a moment after the answer, and are kept and shown with it then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.conversation import Message
from launcher.chat.statistics import together
from launcher.core.generation import AnswerCost, Timings
from launcher.core.machine import Machine, Sample
from launcher.services.answer_meter import AnswerMeter
from launcher.services.chat_service import ChatService
from launcher.ui.components.device_names import gpu_labels


@dataclass(frozen=True, slots=True)
class Written:
    """An answer whose last token has come.

    Attributes:
        message: as it was saved.
        own: figures of what was written now.
        before: figures of the part that it went on from; None for a whole answer.
    """

    message: Message
    own: Timings
    before: Timings | None = None


class AnswerFigures(QObject):
    """Measures what answers take of the computer, and writes it to their figures.

    Signals:
        measured(str, Timings): id of an answer and all its figures.
    """

    measured = Signal(str, object)

    def __init__(self, store: ChatService, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._meter = AnswerMeter(self)
        self._meter.measured.connect(self._on_measured)
        self._written: dict[str, Written] = {}
        self._labels: dict[str, str] = {}

    @Slot(object)
    def on_machine_probed(self, machine: Machine) -> None:
        """What the cards are called."""
        pairs = zip(machine.gpus, gpu_labels(machine), strict=True)
        self._labels = {gpu.engine_device: label for gpu, label in pairs if gpu.engine_device}

    @Slot(object)
    def on_sample_taken(self, sample: Sample) -> None:
        """The meters."""
        self._meter.on_sample_taken(sample)

    @Slot(str)
    def on_asked(self, answer_id: str) -> None:
        """The engine has been asked for an answer."""
        self._meter.begin(answer_id)

    @Slot(object)
    def on_written(self, written: Written) -> None:
        """An answer is over."""
        self._written = {written.message.id: written}
        self._meter.end(written.message.id)

    @Slot(str, object)
    def _on_measured(self, answer_id: str, cost: AnswerCost) -> None:
        written = self._written.pop(answer_id, None)
        if written is None or written.own.cost is None:
            return
        known = written.own.cost
        memory = tuple(replace(share, name=self._labels.get(share.name, share.name)) for share in known.memory)
        own = replace(written.own, cost=replace(cost, seconds=known.seconds, memory=memory))
        timings = together(written.before, own)
        self._store.save_timings(answer_id, timings)
        self.measured.emit(answer_id, timings)
