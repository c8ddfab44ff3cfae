"""What one worker was told to do, from the moment that it is accepted to the one event that ends it. Safe from any thread.

A command stays open until the worker says how it ended (`finish`), or until the run itself ends and says it for all that are
left (`close`): nothing is accepted any more then. What a worker cannot take yet goes to it right behind the load; so does
everything again when another process has to do that load.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from launcher.engine.deadlines import Deadlines
from launcher.engine.process import WorkerProcess
from launcher.engine.protocol import Command, Generate, Load, SaveStates, Stop, encode
from launcher.engine.watch import Patience


class Orders:
    """The commands of one run, and the process that they go to."""

    def __init__(self, load: Load, patience: Patience) -> None:
        self._lock = threading.Lock()
        self._patience = patience
        self._load_id = load.id
        self._open: dict[int, Command] = {load.id: load}
        self._stopped: set[int] = set()
        self._deadlines = Deadlines()
        self._process: WorkerProcess | None = None
        self._is_taking = False  # the process has the load, and takes what follows
        self._is_ending = False
        self._has_states = False
        self._saving: int | None = None

    # --- what there is ------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        with self._lock:
            return self._process.pid if self._process else None

    @property
    def is_ending(self) -> bool:
        """Nothing is accepted any more."""
        with self._lock:
            return self._is_ending

    @property
    def saving(self) -> int | None:
        """The operation that writes the states of all chats before the end; None while nobody asked for that."""
        with self._lock:
            return self._saving

    @property
    def is_busy(self) -> bool:
        """Something is open."""
        with self._lock:
            return bool(self._open)

    @property
    def is_answering(self) -> bool:
        """An answer is open."""
        with self._lock:
            return any(isinstance(c, Generate) for c in self._open.values())

    def is_open(self, operation: int) -> bool:
        """It was accepted and has not ended."""
        with self._lock:
            return operation in self._open

    def is_stopped(self, operation: int) -> bool:
        """It is open and was asked to end."""
        with self._lock:
            return operation in self._stopped

    # --- what is asked for --------------------------------------------------------------------------------------------

    def accept(self, command: Command) -> bool:
        """Take it on, and send it as soon as the worker takes it; False when the run ends."""
        with self._lock:
            if self._is_ending:
                return False
            self._open[command.id] = command
            self._has_states = self._has_states or (isinstance(command, Generate) and bool(command.request.state_file))
            if self._is_taking:
                self._send(command)
            return True

    def stop(self, operation: int | None) -> None:
        """Ask an operation to end; None: the oldest open load or answer."""
        with self._lock:
            if operation is None:
                operation = next((i for i, c in self._open.items() if isinstance(c, (Load, Generate))), None)
            if operation is None or operation not in self._open:
                return
            if operation == self._load_id and not self._is_taking:
                self._is_ending = True  # the worker has not even been asked to load
                if self._process:
                    self._process.kill()
                return
            self._stopped.add(operation)
            if self._is_taking:
                self._send(Stop(operation))
            if operation == self._load_id or self._load_id not in self._open:  # else its turn has not come
                self._deadlines.ask(operation, self._patience.obey_s)

    def save_and_end(self, saving: SaveStates, save_s: float) -> None:
        """Have the states of chats written where there may be some, in `save_s` seconds, and the process ended."""
        with self._lock:
            if self._saving is not None:
                self._deadlines.shorten(self._saving, save_s)
            elif self._process and self._has_states and not self._is_ending and self._load_id not in self._open:
                self._is_ending = True
                self._saving = saving.id
                self._deadlines.ask(saving.id, save_s)
                for operation in [i for i, c in self._open.items() if isinstance(c, Generate)]:
                    self._send(Stop(operation))
                self._open[saving.id] = saving
                self._send(saving)
            else:
                self._end()

    def end(self) -> None:
        """Have the process ended."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._is_ending = True
        if self._process:
            self._process.let_go()
        self._deadlines.ask(None, self._patience.obey_s)

    def _send(self, command: Command) -> None:
        if self._process:
            self._process.send(encode(command))

    # --- the process --------------------------------------------------------------------------------------------------

    def use(self, process: WorkerProcess) -> None:
        """There is one."""
        with self._lock:
            self._process = process
            if self._is_ending:
                process.let_go()

    def send_load(self, load: Load) -> None:
        """It is ready for the load, and for what else is open; not when the run ends."""
        with self._lock:
            if self._is_ending:
                return
            self._is_taking = True
            others = [c for i, c in self._open.items() if i != self._load_id]
            for command in (load, *others, *map(Stop, self._stopped)):
                self._send(command)

    def leave(self) -> None:
        """It is gone; what is open waits for another one, or for `close`."""
        with self._lock:
            self._process, self._is_taking = None, False

    # --- the end ------------------------------------------------------------------------------------------------------

    def finish(self, operation: int) -> Command | None:
        """The worker has ended it; None for what is not open."""
        with self._lock:
            command = self._open.pop(operation, None)
            self._stopped.discard(operation)
            self._deadlines.drop(operation)
            if isinstance(command, Load):  # the turn of what waited for it
                for stopped in self._stopped:
                    self._deadlines.ask(stopped, self._patience.obey_s)
            return command

    def close(self) -> dict[int, Command]:
        """Nothing is accepted any more. Returns what is open, for the caller to say how it ended."""
        with self._lock:
            self._is_ending = True
            left, self._open = self._open, {}
            return left

    def next_deadline(self) -> float:
        """Of `time.monotonic`; infinity while nothing was asked to end."""
        with self._lock:
            return self._deadlines.next_at()

    def overdue_s(self, is_lively: Callable[[], bool]) -> float | None:
        """For how long something was asked to end that has not ended in time; None while all is well.

        An answer gets more time from a worker that evidently computes.
        """
        with self._lock:
            missed = self._deadlines.missed(
                self._patience.linger_s, lambda o: isinstance(self._open.get(o or 0), Generate) and is_lively()
            )
            self._is_ending = self._is_ending or self._load_id in missed  # the load was to end: it will have
            return next(iter(missed.values()), None)
