"""When the KV state of a conversation goes to the disk and comes back.

Written when its slot is given to another conversation, when the engine has had nothing to do for a while, and on SaveStates;
read when it holds more of a prompt than the slot does. Both only where reading it back is quicker than reading the prompt.
llama.cpp writes the file between two batches; the digest, the wait for the disk and the rename are a thread's.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.core.generation import GenerateRequest
from launcher.engine.kv_states import StateFolder
from launcher.engine.protocol import StateRefused as Refusal
from launcher.engine.protocol import StatesSaved
from launcher.engine.worker import states
from launcher.engine.worker.answering import Answering
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.slots import Slot
from launcher.engine.worker.state_key import state_key

WORTH_TOKENS = 256
"""Fewer than these are read again as quickly as a file is opened, on any machine that runs the model at all."""
READ_BYTES_S = 400e6
"""Digest and copy of a state, until it was measured here: what a hard disk's cache or a plain SSD does."""
_MEASURED_TOKENS = 64  # a prompt, and a file, from which a speed can be told
_MEASURED_BYTES = 64 * 2**20


@dataclass
class _Outcome:
    """Of the files that were written for one command, or of one by itself."""

    started: float = field(default_factory=time.monotonic)
    count: int = 0
    size_bytes: int = 0
    problem: str = ""
    missing_bytes: int = 0

    def event(self, operation: int) -> StatesSaved:
        seconds = time.monotonic() - self.started
        return StatesSaved(operation, self.count, self.size_bytes, seconds, self.problem, self.missing_bytes)


@dataclass(frozen=True, slots=True)
class _Task:
    """One state to be written, to `path` in `folder`. `is_own`: its outcome is sent by itself when the file is in its place."""

    path: Path
    folder: StateFolder
    size_bytes: int
    outcome: _Outcome
    is_own: bool


class Keeper:
    """The states of one session's slots."""

    def __init__(
        self,
        native: NativeModel,
        slots: Sequence[Slot],
        written: dict[str, list[int]],
        send: Callable[[StatesSaved | Refusal], None],
    ) -> None:
        """Nothing is read or written before the first request that names a state.

        Args:
            native: the loaded model.
            slots: of its context.
            written: the session's memory of answers; those of a conversation are kept and come back with it.
            send: for what happens.
        """
        llama = native.binding.llama
        self._native = native
        self._slots = slots
        self._written = written
        self._send = send
        self._n_swa = int(llama.llama_model_n_swa(native.model))
        self._is_recurrent = bool(
            llama.llama_model_is_recurrent(native.model) or llama.llama_model_is_hybrid(native.model)
        )
        self._requests: dict[int, GenerateRequest] = {}
        self._answers: dict[int, list[str]] = {}
        self._key = ""
        self._sealing: threading.Thread | None = None
        self._seconds_per_token: float | None = None
        self._read_bytes_s = READ_BYTES_S
        self._idle_since = time.monotonic()

    # --- an answer begins and ends ------------------------------------------------------------------------------------

    def recall(self, request: GenerateRequest) -> None:
        """Before its prompt is made: the answers of a conversation that no slot holds are remembered as they were written."""
        path = Path(request.state_file)
        if not states.is_state(path) or any(s.cached and s.state_file == request.state_file for s in self._slots):
            return
        with contextlib.suppress(states.StateRefused, OSError):  # `prepare` says so
            found = states.look(path, self._own_key())
            for text, tokens in found.header.written.items() if found else ():
                self._written.setdefault(text, list(tokens))

    def prepare(self, work: Answering, slot: Slot, is_stopped: Callable[[], bool]) -> int:
        """Make the slot this conversation's: what another left in it is saved, what the disk holds of this one is read.

        Returns:
            How many of the prompt's first tokens are in the slot now that came from the disk.
        """
        operation, request, tokens = work.operation, work.request, work.prompt.tokens
        if slot.state_file != request.state_file:
            self.save(slot)
        self._requests[slot.sequence] = request
        self._answers[slot.sequence] = [t.content for t in request.turns if t.role == "assistant"]
        path = Path(request.state_file)
        if not states.is_state(path) or len(tokens) - slot.common(tokens) <= WORTH_TOKENS:
            return 0
        self._join()
        # Also where the slot has this conversation: the disk may have more of it, after an edit was taken back.
        found = self._look(operation, path)
        if found is None or not self._is_worth_reading(slot, found, tokens):
            return 0
        return self._restore(operation, slot, found, tokens, is_stopped)

    def answered(self, slot: Slot, work: Answering) -> None:
        """An answer has ended in a slot; how fast its prompt was read tells what a state is worth."""
        self._idle_since = time.monotonic()
        self._answers.setdefault(slot.sequence, []).append(work.stream.answer)
        figures = work.figures
        evaluated = figures.prompt_tokens - figures.reused_tokens
        if figures.prefill_s and evaluated >= _MEASURED_TOKENS:
            self._seconds_per_token = figures.prefill_s / evaluated

    # --- saving -------------------------------------------------------------------------------------------------------

    def idle_in(self) -> float | None:
        """Seconds until something is to be saved because nothing happens; None while there is nothing to save."""
        waiting = [self._requests[s.sequence].state_idle_s for s in self._slots if self._is_unsaved(s)]
        return max(0.0, self._idle_since + min(waiting) - time.monotonic()) if waiting else None

    def save_idle(self) -> None:
        """Nothing has happened for long enough."""
        for slot in self._slots:
            self.save(slot)

    def save_all(self, operation: int) -> None:
        """Save what is not on the disk, wait for it, and say so."""
        self._join()
        outcome = _Outcome()
        for slot in self._slots:
            self.save(slot, outcome)
            self._join()
        self._send(outcome.event(operation))

    def save(self, slot: Slot, outcome: _Outcome | None = None) -> None:
        """Write the state of a slot where it is wanted, worth it and not there yet. Never fails: a problem is told.

        `outcome` gathers what becomes of it; without one it is sent when the file is in its place.
        """
        if not self._is_unsaved(slot):
            return
        slot.is_saved = slot.work is None  # once is enough, whatever becomes of it
        path = Path(slot.state_file)
        size = int(self._native.binding.llama.llama_state_seq_get_size(self._native.context, slot.sequence))
        size += sum(checkpoint.size_bytes for checkpoint in slot.checkpoints)
        if not self._pays(len(slot.cached), size):
            return
        folder = StateFolder(path.parent, self._requests[slot.sequence].state_cap_bytes)
        task = _Task(path, folder, size, outcome or _Outcome(), is_own=outcome is None)
        self._join()
        try:
            ways_back = tuple((c.n_tokens, c.size_bytes) for c in slot.checkpoints)
            tokens, written = tuple(slot.cached), self._written_in(slot)
            header = states.Header(self._own_key(), tokens, written=written, checkpoints=ways_back)
            part = self._write(slot, task)
        except OSError as error:
            self._fail(task, error.strerror or str(error))
            return
        if part is not None:
            self._sealing = threading.Thread(target=self._seal, args=(part, header, task), name="states", daemon=True)
            self._sealing.start()

    def _is_unsaved(self, slot: Slot) -> bool:
        return (
            not slot.is_saved
            and slot.sequence in self._requests
            and states.is_state(Path(slot.state_file))
            and len(slot.cached) >= WORTH_TOKENS
        )

    def _write(self, slot: Slot, task: _Task) -> Path | None:
        """None where there is no room: under the cap, which is the user's wish, or on the disk, which is told."""
        if task.folder.make_room(task.size_bytes, task.path):
            return states.write(self._native, slot.sequence, slot.cached, slot.checkpoints, task.path)
        if task.folder.missing_bytes(task.size_bytes):
            self._fail(task, "the disk is too full")
        else:
            print(f"a state of {task.size_bytes} bytes is over the cap", file=sys.stderr)  # noqa: T201 - the log
        return None

    def _seal(self, part: Path, header: states.Header, task: _Task) -> None:
        try:
            task.outcome.size_bytes += states.seal(part, task.path, header)
        except OSError as error:
            self._fail(task, error.strerror or str(error))
            return
        task.outcome.count += 1
        if task.is_own:
            self._send(task.outcome.event(0))

    def _fail(self, task: _Task, problem: str) -> None:
        outcome = task.outcome
        outcome.problem, outcome.missing_bytes = problem, task.folder.missing_bytes(task.size_bytes)
        print(f"a state was not saved: {problem}", file=sys.stderr)  # noqa: T201 - stderr is the log here
        if task.is_own:
            self._send(outcome.event(0))

    def _join(self) -> None:
        """Wait until the last file is in its place."""
        if self._sealing:
            self._sealing.join()
            self._sealing = None

    def _written_in(self, slot: Slot) -> dict[str, tuple[int, ...]]:
        answers = self._answers.get(slot.sequence, [])
        return {text: tuple(self._written[text]) for text in answers if text in self._written}

    # --- reading ------------------------------------------------------------------------------------------------------

    def _look(self, operation: int, path: Path) -> states.Stored | None:
        try:
            return states.look(path, self._own_key())
        except states.StateRefused as reason:
            self._refuse(operation, path, reason)
        except OSError as error:  # the model's file has gone
            self._refuse(operation, path, states.StateRefused(str(error)))
        return None

    def _is_worth_reading(self, slot: Slot, found: states.Stored, tokens: Sequence[int]) -> bool:
        saved = found.header.tokens
        usable = _common(saved, tokens)
        if usable < len(saved) and (self._is_recurrent or 0 < self._n_swa < len(saved)):
            # Such a cache holds its end only, and goes back to a checkpoint.
            usable = max((n for n, _ in found.header.checkpoints if n <= usable), default=0)
        gained = usable - slot.common(tokens)
        fits = len(saved) < self._native.n_ctx
        return fits and gained >= WORTH_TOKENS and self._pays(gained, found.state_bytes)

    def _restore(
        self, operation: int, slot: Slot, found: states.Stored, tokens: Sequence[int], is_stopped: Callable[[], bool]
    ) -> int:
        self._make_room(slot, len(found.header.tokens))
        started = time.monotonic()
        try:
            slot.replace(found.header.tokens, states.read(self._native, slot.sequence, found, is_stopped))
        except states.StateRefused as reason:
            if self._native.binding.llama.llama_memory_seq_pos_max(self._native.memory, slot.sequence) < 0:
                slot.replace(())
            self._refuse(operation, found.path, reason)
            return 0
        if found.state_bytes >= _MEASURED_BYTES:
            self._read_bytes_s = found.state_bytes / (time.monotonic() - started)
        return _common(found.header.tokens, tokens)

    def _make_room(self, slot: Slot, n_tokens: int) -> None:
        """The context is shared: idle conversations leave it, the longest unused first, until the state fits."""
        others = [s for s in self._slots if s is not slot]
        idle = sorted((s for s in others if s.work is None and s.cached), key=lambda s: s.used_at)
        while idle and n_tokens + sum(len(s.cached) for s in others) > self._native.n_ctx:
            self.save(idle[0])
            idle.pop(0).keep(0)

    def _refuse(self, operation: int, path: Path, reason: states.StateRefused) -> None:
        print(f"{path.name} is not used: {reason}", file=sys.stderr)  # noqa: T201 - stderr is the log here
        if isinstance(reason, states.StateDamagedError):
            with contextlib.suppress(OSError):
                path.unlink()
        self._send(Refusal(operation, str(reason)))

    def _own_key(self) -> str:
        """Made when a state is first wanted: it reads from every file of the model."""
        if not self._key:
            self._key = state_key(self._native, self._native.path)
        return self._key

    def _pays(self, n_tokens: int, size_bytes: int) -> bool:
        """Whether reading a state back is quicker than reading so many tokens; unknown speeds count as slow."""
        return self._seconds_per_token is None or n_tokens * self._seconds_per_token > size_bytes / self._read_bytes_s


def _common(saved: Sequence[int], wanted: Sequence[int]) -> int:
    count = 0
    for a, b in zip(saved, wanted, strict=False):
        if a != b:
            break
        count += 1
    return count
