"""Exact memory of a model before it is loaded, or even downloaded: the engine itself says it, in a child process.

How exact: weights, KV cache and, on one GPU, compute buffers are those of a real load to the byte. With several GPUs they are
too where `llama_graph_reserve` can be called (Linux, macOS: see worker/dry_run.py); elsewhere llama.cpp's own dry run is 12 to
256 MiB too high on each GPU that receives from another. What-if GPUs are stand-ins whose kernels are the processor's: a CUDA or
Vulkan card differs a little (alignment, fused operations, the copy of streamed weights, pipeline parallelism over several
cards), which the planner's formulas know and a stand-in does not. Driver contexts and workspaces are in neither.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.plans import MemoryUse, Placement
from launcher.core.words import say
from launcher.engine import quirks
from launcher.engine.errand import Ending, run_errand
from launcher.engine.hollow import DryRunFile, stretched
from launcher.engine.outcome import COPY_REPORT, crash_failure, signal_name
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import DryRun, DryRunMeasured, Hello, LoadStarted, WorkerEvent

__all__ = ["DryRunFile", "DryRunRequest", "DryRunStopped", "dry_run", "dry_runs"]

# Some hundred times what it takes: a worker that needs longer hangs.
_DEADLINE_S = 60.0
_DEADLINE_PER_PLACEMENT_S = 10.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DryRunRequest:
    """What to measure.

    Attributes:
        files: all shards in order.
        placement: what is measured; its `devices` are names of the engine's own.
        gpus: names of the GPUs of a machine that is not this one, in the order of the placement's `tensor_split`. None: the
            engine's own devices, as `placement.devices` says.
    """

    files: tuple[DryRunFile, ...]
    placement: Placement
    gpus: tuple[str, ...] | None = None


class DryRunStopped(UserError):  # noqa: N818 - not an error: somebody asked for it
    """The caller's event was set; nobody needs to be told."""

    def __init__(self) -> None:
        super().__init__("dry_run_stopped", "The check with the engine was stopped.")


def dry_run(request: DryRunRequest, stop: threading.Event | None = None) -> MemoryUse:
    """Bytes per device of one placement; blocks for about a second.

    Args:
        request: files, placement, devices.
        stop: set from any thread to end it at once.

    Returns:
        GPUs in order, then "RAM"; source "engine". Free memory and capacities are None: the plan knows them.

    Raises:
        UserError: the engine refuses the file or the placement, stops, or does not answer in time.
        DryRunStopped: `stop` was set.
    """
    return dry_runs(request.files, (request.placement,), request.gpus, stop)[0]


def dry_runs(
    files: Sequence[DryRunFile],
    placements: Sequence[Placement],
    gpus: tuple[str, ...] | None = None,
    stop: threading.Event | None = None,
) -> list[MemoryUse]:
    """The same for many placements in one process.

    Neighbours that place the model alike share one model load: only contexts, KV types, batches, flash attention and logits rows
    differ between them at some 20 ms each. So sort them by the rest.

    Raises:
        UserError: as `dry_run`; the whole series fails with its first failure.
        DryRunStopped: `stop` was set.
    """
    asked = tuple(_for_stand_ins(p, gpus) for p in placements)
    if stop is not None and stop.is_set():
        raise DryRunStopped
    with stretched(files) as first:
        series = _Series(DryRun(1, str(first), files[0].path.name, asked, gpus), stop)
        try:
            return series.run()
        except UserError as error:
            if isinstance(error, DryRunStopped) or first == files[0].path:
                raise
            raise _about_the_real_file(error, files[0].path, first) from error


class _Series:
    """One series of measurements: a worker, and a second one without extra buffers where the first died of them."""

    def __init__(self, command: DryRun, stop: threading.Event | None) -> None:
        self._command = command
        self._stop = stop
        self._found: list[MemoryUse] = []
        self._has_extra = False

    def run(self) -> list[MemoryUse]:
        """The figures, in order."""
        if not self._command.placements:
            return []
        ending = self._try()
        if ending and self._has_extra and signal_name(ending.returncode) in ("SIGILL", "SIGABRT"):
            # As the real load does (supervision.py), which then remembers it; a header alone proves nothing.
            _log.warning(
                "the dry run died with special weight layouts (%s); again without", signal_name(ending.returncode)
            )
            self._command = replace(self._command, use_extra_bufts=False)
            ending = self._try()
        if ending is None:
            return self._found
        if ending.was_stopped:
            raise DryRunStopped
        raise _died(ending)

    def _try(self) -> Ending | None:
        self._found = []
        return run_errand(
            self._ask,
            self._take,
            rpc_servers=known_rpc_servers() if self._command.gpus is None else (),
            deadline_s=_DEADLINE_S + _DEADLINE_PER_PLACEMENT_S * len(self._command.placements),
            stop=self._stop,
        )

    def _ask(self, hello: Hello) -> DryRun:
        if self._command.use_extra_bufts is None and quirks.crashes_with_extra_buffers(
            hello.processor, hello.engine_version
        ):
            self._command = replace(self._command, use_extra_bufts=False)
        return self._command

    def _take(self, event: WorkerEvent) -> bool:
        if isinstance(event, LoadStarted):
            self._has_extra = event.use_extra_bufts
        elif isinstance(event, DryRunMeasured):
            self._found.append(event.memory)
        return len(self._found) == len(self._command.placements)


def _for_stand_ins(placement: Placement, gpus: tuple[str, ...] | None) -> Placement:
    """What a placement says about the devices of another machine, said of the stand-ins."""
    if gpus is None:
        return placement
    split = placement.tensor_split
    if len(split) > len(gpus):  # cards with a share of 0 hold nothing: they need no stand-in
        split = tuple(s for s in split if s)
    if len(split) > len(gpus):
        raise UserError(
            "bad_placement",
            say("The plan and its graphics cards do not belong together."),
            say("It splits the layers over {n} cards; {m} are named.", n=len(split), m=len(gpus)),
        )
    overrides = tuple((pattern, _stand_in(device, placement, gpus)) for pattern, device in placement.tensor_overrides)
    return replace(placement, devices=(), tensor_split=split if len(gpus) > 1 else (), tensor_overrides=overrides)


def _stand_in(device: str, placement: Placement, gpus: tuple[str, ...]) -> str:
    """A device of a tensor override, said of the stand-ins: by its place among the plan's, or its number ("CUDA1")."""
    if device == "CPU":
        return device
    if device in placement.devices:
        return f"stand-in {placement.devices.index(device)}"
    number = re.search(r"\d+$", device)
    index = gpus.index(device) if device in gpus else int(number.group()) if number else len(gpus)
    return f"stand-in {index}"


def _died(ending: Ending) -> UserError:
    failure = crash_failure(ending.returncode, "verifying", None, ending.log, ending.because)
    return UserError(
        "dry_run_failed",
        say("The engine stopped while it checked the plan."),
        failure.why,
        (NextStep("Check again", "retry"), NextStep("Use the predicted figures"), COPY_REPORT),
        failure.detail,
    )


def _about_the_real_file(error: UserError, original: Path, used: Path) -> UserError:
    """The temporary folder is gone when the error is read: no advice may name it."""
    steps = tuple(s for s in error.next_steps if str(used.parent) not in s.argument and s.action != "load_again")
    return UserError(error.code, error.what, error.why.replace(str(used), str(original)), steps, error.detail)
