"""One randomised download, from its seed: files, faults, pauses and new processes, and what must hold all the way."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.downloads.disk import journal
from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from tests.fakes.hub import FakeHub, random_faults
from tests.hub import download_checks as checks
from tests.hub.download_checks import BLOCK_BYTES, CONNECTIONS, REPO

TOKEN = "hf_secret_of_the_tests"
LIMIT_S = 60.0
QUANT = "Q4_K_M"
MAX_LEGS = 5
_RESTING = (DownloadState.DONE, DownloadState.FAILED, DownloadState.PAUSED)
_WINDOW_BYTES = (
    4 << 20
)  # handed to the network by the hub and not read yet when a connection ends: the kernel's buffers
_WHOLE_AGAIN = ("no_range", "no_size", "chunked", "wrong_length", "wrong_body", "corrupt")


@dataclass
class Outcome:
    """How a run went.

    Attributes:
        ends: what each leg ended with: a state or an error's code; the last but one is how it ended with the faults.
        hits: faults that happened, by kind.
        waste_bytes: served beyond the files' sizes.
        connections: bodies under way at the same time, at most.
    """

    seed: int
    ends: list[str] = field(default_factory=list[str])
    hits: Counter[str] = field(default_factory=Counter[str])
    total_bytes: int = 0
    waste_bytes: int = 0
    connections: int = 0
    seconds: float = 0.0


def run(seed: int, hub: FakeHub) -> Outcome:
    """Download something random from a hub that fails at random, in legs; then once more without faults.

    The environment (folders, hub, token) must be set already. Raises AssertionError where something does not hold.
    """
    return _Run(seed, hub).go()


class _Run:
    def __init__(self, seed: int, hub: FakeHub) -> None:
        self._chance = random.Random(seed)
        self._hub, self._out = hub, Outcome(seed)
        self._began = time.monotonic()
        self._policy = Policy(**checks.policy_fields())
        self._request = self._publish()
        self._kept: set[str] = set()
        self._here_bytes = 0

    def go(self) -> Outcome:
        """The whole run."""
        chance, hub = self._chance, self._hub
        for fault in random_faults(chance, self._out.total_bytes // len(self._files())):
            hub.fail(fault)
        if chance.random() < 0.2:
            hub.gate(REPO, TOKEN)
        legs = chance.randint(0, MAX_LEGS - 1)
        result = None
        for number in range(MAX_LEGS):
            stop_at = chance.uniform(0, 1) if number < legs else None
            result = self._leg(self._by_queue if chance.random() < 0.5 else self._by_fetch, stop_at)
            if result.state is DownloadState.DONE or (stop_at is None and result.error is not None):
                break
            if chance.random() < 0.1:
                self._publish_newer()
        assert result is not None
        self._out.hits = Counter({f.kind: 0 for f in hub.faults.armed})
        for fault in hub.faults.armed:
            self._out.hits[fault.kind] += fault.hits
        hub.heal()
        if result.state is not DownloadState.DONE:
            result = self._leg(self._by_fetch, None)
            is_begun_wrong = self._out.hits["wrong_listing"] or self._out.hits["no_lfs"]  # by what the hub said then
            if result.error and result.error.code == "file_changed" and is_begun_wrong:
                self._start_over(result.error)
                result = self._leg(self._by_fetch, None)
            assert result.state is DownloadState.DONE, f"without faults: {result.error}"
        checks.check_done(hub, result)
        checks.check_no_leak(hub)
        self._check_waste(result)
        self._out.connections = hub.most_at_once
        self._out.seconds = time.monotonic() - self._began
        assert self._out.seconds < LIMIT_S
        return self._out

    def _files(self) -> dict[str, Any]:
        found = self._hub.find(REPO, "main")
        assert found is not None
        return found[1]

    def _publish(self) -> DownloadRequest:
        chance = self._chance
        shards = chance.randint(1, 3)
        names = (
            [f"model-{QUANT}.gguf"]
            if shards == 1
            else [f"model-{QUANT}-{i:05}-of-{shards:05}.gguf" for i in range(1, shards + 1)]
        )
        wanted: tuple[ModelFile, ...] = ()
        if chance.random() < 0.25:
            names.append("mmproj-F16.gguf")
            wanted = tuple(map(ModelFile, names))
        for name, whole in zip(names, checks.gguf_bytes(shards) + checks.gguf_bytes(), strict=False):
            size = int(2 ** chance.uniform(17.7, 22.6))
            self._hub.add_file(REPO, name, whole + chance.randbytes(size))
        self._out.total_bytes = sum(f.size for f in self._files().values())
        return DownloadRequest("tiny", "Tiny", QUANT, REPO, wanted, 0)

    def _publish_newer(self) -> None:
        """The owner uploads another version; what was begun is finished as it was."""
        name = self._chance.choice(sorted(self._files()))
        old = self._files()[name]
        self._hub.add_file(REPO, name, old.read(0, 1000) + self._chance.randbytes(old.size - 1000))

    # One leg: until it rests.

    def _leg(
        self, fetch_it: Callable[[Callable[[DownloadProgress], bool]], DownloadProgress], stop_at: float | None
    ) -> DownloadProgress:
        seen: list[DownloadProgress] = []

        def is_time_to_stop(progress: DownloadProgress) -> bool:
            seen.append(progress)
            assert 0 <= progress.done_bytes <= max(progress.total_bytes, 0), "more bytes than there are"
            checks.check_visible(self._hub, sums=False)
            assert time.monotonic() - self._began < LIMIT_S, f"no end in sight: {progress}"
            is_running = progress.state not in (*_RESTING, DownloadState.QUEUED) and progress.total_bytes > 0
            return stop_at is not None and is_running and progress.done_bytes >= stop_at * progress.total_bytes

        result = fetch_it(is_time_to_stop)
        self._check_end(result)
        self._check_kept(seen, result)
        self._out.ends.append(result.error.code if result.error else result.state.value)
        return result

    def _by_fetch(self, is_time_to_stop: Callable[[DownloadProgress], bool]) -> DownloadProgress:
        stop = threading.Event()
        problems: list[AssertionError] = []

        def on_progress(progress: DownloadProgress) -> None:
            try:
                if is_time_to_stop(progress):
                    stop.set()
            except AssertionError as problem:  # reports come in other threads too
                problems.append(problem)
                stop.set()

        result = fetch(self._request, on_progress, stop, self._policy)
        if problems:
            raise problems[0]
        return result

    def _by_queue(self, is_time_to_stop: Callable[[DownloadProgress], bool]) -> DownloadProgress:
        """In a queue made anew, as after a restart of the app."""
        changed = threading.Condition()
        problems: list[AssertionError] = []
        ended: list[DownloadProgress] = []
        has_begun = False

        def on_progress(progress: DownloadProgress) -> None:
            nonlocal has_begun
            must_stop = False
            try:
                must_stop = is_time_to_stop(progress)
            except AssertionError as problem:
                problems.append(problem)
                must_stop = True
            # A queue never gives up on a network that may come back: the item waits for its next turn, until it is paused.
            must_stop = must_stop or (has_begun and progress.state is DownloadState.QUEUED)
            has_begun = has_begun or progress.state not in (*_RESTING, DownloadState.QUEUED)
            with changed:
                if has_begun and progress.state in _RESTING:
                    ended.append(progress)
                changed.notify_all()
            if must_stop:
                queue.pause(progress.key)

        queue = DownloadQueue(on_progress, policy=self._policy)
        queue.start(self._request)
        try:
            with changed:
                assert changed.wait_for(lambda: ended, LIMIT_S), f"no end in sight: {queue.jobs()}"
        finally:
            queue.close()
        if problems:
            raise problems[0]
        return ended[-1]

    def _start_over(self, error: UserError) -> None:
        """What the error's button does: the item was begun with sizes that are no longer (or never were) true."""
        assert "restart" in [step.action for step in error.next_steps]
        journal.delete(self._request)
        self._kept, self._here_bytes = set(), 0

    # What must hold.

    def _check_end(self, result: DownloadProgress) -> None:
        assert result.state in _RESTING
        checks.check_visible(self._hub)
        assert self._kept <= checks.parts(), "a partial file was deleted"
        self._kept = checks.parts()
        if result.state is DownloadState.FAILED:
            error = result.error
            assert isinstance(error, UserError)
            assert error.code in checks.ALLOWED_ENDS, f"{error.code}: {error} {error.detail}"
            assert error.what
            assert error.why
            assert error.next_steps
        elif result.error is not None:
            assert result.error.code in checks.ALLOWED_ENDS

    def _check_kept(self, seen: list[DownloadProgress], result: DownloadProgress) -> None:
        """What was here when the last leg ended is here when the next begins."""
        sized = [
            p for p in seen if p.total_bytes > 0 and p.state in (DownloadState.DOWNLOADING, DownloadState.VERIFYING)
        ]
        if not sized:  # it ended before what is here was counted
            return
        begun = max(p.resumed_bytes for p in sized)
        assert begun >= self._here_bytes, f"{self._here_bytes - begun} bytes were lost between two runs"
        if not any(f.kind == "corrupt" and f.hits for f in self._hub.faults.armed):
            assert result.done_bytes >= begun, f"a run gave {begun - result.done_bytes} sound bytes away"
        self._here_bytes = 0 if result.error and result.error.code == "checksum_mismatch" else result.done_bytes

    def _check_waste(self, result: DownloadProgress) -> None:
        """Bytes served are the files', and a bounded part of what was under way when connections ended."""
        sent = sum(r.sent_bytes for r in self._hub.log)
        self._out.waste_bytes = max(0, sent - result.total_bytes)
        again = sum(self._out.hits[kind] for kind in _WHOLE_AGAIN) * max(f.size for f in self._files().values())
        ends = sum(self._out.hits.values()) + CONNECTIONS * len(self._out.ends)
        bound = again + ends * (min(_WINDOW_BYTES, self._out.total_bytes // 2) + BLOCK_BYTES)
        assert self._out.waste_bytes <= bound, f"{self._out.waste_bytes} bytes served too much (bound {bound})"
