"""One device goes through the steps of the check in a worker of its own: the small models' logits, then a sum for the built-in model.

A driver that crashes or hangs costs that device's check only, and says at which step.
"""

from __future__ import annotations

import base64
import math
import sys
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launcher.catalog import builtin
from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine import answer_check
from launcher.engine.answer_check import Said
from launcher.engine.calibration_models import write_model
from launcher.engine.check_models import N_CTX, N_PROMPT, N_SINGLE, CheckCase, sound_weights
from launcher.engine.errand import Ending, run_errand
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import AnswerFinished, Command, ComputeLogits, LoadStarted, LogitsComputed, WorkerEvent

_LOGITS_ID = 1


@dataclass(frozen=True, slots=True)
class Target:
    """Where to compute.

    Attributes:
        device: the engine's name of it; "" is the processor.
        is_software: it is the processor pretending to be a graphics card.
        use_extra_bufts: as in `Load`.
    """

    device: str = ""
    is_software: bool = False
    use_extra_bufts: bool | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """What every device does: each case's model, whose file is in `folder`, and the built-in model's sum, where there is one."""

    cases: tuple[CheckCase, ...]
    folder: Path
    n_threads: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the steps, in their order."""
        asked = (builtin.SHORT_NAME,) if builtin.installed() else ()
        return (*(c.key for c in self.cases), *asked)

    def write_models(self, stop: threading.Event | None) -> None:
        """All of them, once for all devices; no more once `stop` is set.

        Raises:
            OSError: the disk is full or not writable.
        """
        for case in self.cases:
            if stop is None or not stop.is_set():
                write_model(case.model, self._path(case), sound_weights())

    def commands(self, target: Target) -> tuple[Command, ...]:
        """What its worker is asked."""
        requests = tuple(self._request(case, target) for case in self.cases)
        asked = answer_check.question(target.device, target.use_extra_bufts, is_software=target.is_software) or ()
        return (ComputeLogits(_LOGITS_ID, requests, N_PROMPT, N_SINGLE, target.use_extra_bufts), *asked)

    def _request(self, case: CheckCase, target: Target) -> LoadRequest:
        # Flash attention 576 wide takes a graphics card's compiler a moment, a software card's (LLVM's coroutines) more than two minutes.
        is_too_wide = target.is_software and case.is_latent
        placement = Placement(
            n_gpu_layers=case.model.n_layer + 1 if target.device else 0,
            n_ctx=N_CTX,
            n_batch=N_CTX,
            n_ubatch=N_CTX,
            flash_attention="off" if is_too_wide else "auto",
            kv_type_k=case.kv_type,
            kv_type_v=case.kv_type,
            threads=self.n_threads,
            devices=(target.device,) if target.device else (),
        )
        return LoadRequest(str(self._path(case)), case.key, case.model.quant.upper(), placement)

    def _path(self, case: CheckCase) -> Path:
        return self.folder / f"{self.cases.index(case)}.gguf"


@dataclass
class DeviceRun:
    """What a device's worker said.

    Attributes:
        names: of its steps.
        logits: by the case's key; complete unless it ended early.
        seconds: that each case took, its load included.
        answer: of the built-in model.
        used_extra: its latest load used special weight layouts.
        all_seconds: from start to end.
        ending: how the worker ended before it was done.
        error: what it reported instead.
    """

    names: tuple[str, ...]
    logits: dict[str, array[float]] = field(default_factory=dict[str, "array[float]"])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    answer: Said | None = None
    used_extra: bool = False
    all_seconds: float = 0.0
    ending: Ending | None = None
    error: UserError | None = None

    @property
    def n_done(self) -> int:
        """Steps that are through."""
        return len(self.logits) + (self.answer is not None)

    @property
    def step(self) -> str:
        """The one that is under way, or where it ended."""
        return self.names[min(self.n_done, len(self.names) - 1)]

    @property
    def is_sound(self) -> bool:
        """It came to its end with numbers: something to compare with."""
        is_whole = self.n_done == len(self.names)
        return is_whole and all(math.isfinite(math.fsum(row)) for row in self.logits.values())

    def take(self, event: WorkerEvent) -> bool:
        """One event; True after the last.

        Raises:
            ValueError: logits that cannot be read.
        """
        if isinstance(event, LoadStarted):
            self.used_extra = event.use_extra_bufts
        elif isinstance(event, LogitsComputed):
            rows = array("f", base64.b64decode(event.logits, validate=True))
            if sys.byteorder == "big":
                rows.byteswap()
            self.logits[event.name] = rows
            self.seconds[event.name] = event.seconds
        elif isinstance(event, AnswerFinished):
            self.answer = Said.of(event.answer)
        return self.n_done == len(self.names)


def run_device(
    steps: Steps,
    target: Target,
    *,
    deadline_s: float,
    stop: threading.Event | None,
    on_step: Callable[[DeviceRun], None],
) -> DeviceRun:
    """Go through all steps on one device. Blocks for seconds; a software card needs half a minute of the processor.

    Args:
        steps: what to do.
        target: where.
        deadline_s: for each step; the first one's includes the worker's start.
        stop: set from any thread to end it.
        on_step: told whenever a step begins.
    """
    run = DeviceRun(steps.names)
    n_told = 0
    on_step(run)

    def take(event: WorkerEvent) -> bool:
        nonlocal n_told
        is_done = run.take(event)
        if n_told < run.n_done and not is_done:
            n_told = run.n_done
            on_step(run)
        return is_done

    began = time.monotonic()
    try:
        run.ending = run_errand(
            lambda _hello: steps.commands(target),
            take,
            # Another computer that hangs must not cost the processor its check.
            rpc_servers=known_rpc_servers() if target.device else (),
            deadline_s=deadline_s,
            is_renewed=True,
            stop=stop,
        )
    except UserError as error:
        run.error = error
    except ValueError as error:
        run.error = UserError("engine_mismatch", "The engine does not speak our language.", str(error))
    run.all_seconds = time.monotonic() - began
    return run
