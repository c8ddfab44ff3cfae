"""One download that is killed again and again (SIGKILL), from its seed, and what must hold after each kill."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from tests.fakes.hub import FakeHub, Fault
from tests.hub import download_checks as checks
from tests.hub.download_checks import BLOCK_BYTES, CONNECTIONS, REPO
from tests.hub.download_children import Children, Job, Report

QUANTS = ("Q4_0", "Q8_0")
_STATES = ("checking", "downloading", "verifying")
_NETWORK_BYTES = 4 << 20  # per connection: in the kernel's buffers when its reader is killed


@dataclass
class Killed:
    """How it went.

    Attributes:
        kills: how many; fewer than wanted when it was complete before.
        moments: how often the child was killed where: the state that it had reported last, or before what file operation.
        lost_bytes: the largest step back from what a killed run had reported to what the next one found.
        waste_bytes: served beyond the files' sizes.
    """

    seed: int
    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter[str])
    lost_bytes: int = 0
    total_bytes: int = 0
    waste_bytes: int = 0
    seconds: float = 0.0


def run(seed: int, hub: FakeHub, children: Children, environment: dict[str, str], kills: int) -> Killed:
    """Begin a download until it has been killed so often, then let it end.

    The environment (folders, hub) must be that of this process as well: it looks at what the child left.
    """
    return _Run(seed, hub, children, environment).go(kills)


class _Run:
    def __init__(self, seed: int, hub: FakeHub, children: Children, environment: dict[str, str]) -> None:
        self._chance = random.Random(seed)
        self._hub, self._children, self._environment = hub, children, environment
        self._out = Killed(seed)
        self._kept: set[str] = set()
        self._done: dict[str, int] = {}
        self._kind = self._chance.choice(("queue", "queue", "command"))
        self._quants = QUANTS if self._kind == "queue" and self._chance.random() < 0.5 else QUANTS[:1]
        for quant in self._quants:
            for i, whole in enumerate(checks.gguf_bytes(2), 1):
                content = whole + self._chance.randbytes(self._chance.randint(400_000, 3_000_000))
                hub.add_file(REPO, f"model-{quant}-0000{i}-of-00002.gguf", content)
        found = hub.find(REPO, "main")
        assert found is not None
        self._out.total_bytes = sum(f.size for f in found[1].values())

    def go(self, kills: int) -> Killed:
        """The whole run."""
        began = time.monotonic()
        slow = self._hub.fail(Fault("throttle_total", rate_bytes_s=self._out.total_bytes / (0.3 * kills), times=None))
        while self._out.kills < kills and not self._one(is_last=False):
            pass
        slow.times = 0
        self._one(is_last=True)
        checks.check_no_leak(self._hub)
        sent = sum(r.sent_bytes for r in self._hub.log)
        self._out.waste_bytes = sent - self._out.total_bytes
        bound = self._out.kills * len(self._quants) * CONNECTIONS * (BLOCK_BYTES + _NETWORK_BYTES)
        assert self._out.waste_bytes <= bound, f"{self._out.waste_bytes} bytes served too much (bound {bound})"
        assert not checks.leftovers(), f"left behind after success: {checks.leftovers()}"
        self._out.seconds = time.monotonic() - began
        return self._out

    def _one(self, *, is_last: bool) -> bool:
        """One child from start to end; whether it came through."""
        job = self._job(is_last=is_last)
        child = self._children.start(job, self._environment)
        if not (is_last or job.die_at_file_event or job.die_in_state):
            child.wait_for_report()
            time.sleep(self._chance.uniform(0, 0.5))
            child.kill()
        status = child.wait()
        reports = child.reports()
        assert status in (0, -9), child.text()
        if is_last:
            assert status == 0
            if self._kind == "queue":
                assert {r.key for r in reports if r.state == "done"} == {f"{REPO}::{q}" for q in self._quants}
        self._check(reports)
        if status == -9:
            self._out.kills += 1
            self._out.moments[child.last_words() or (reports[-1].state if reports else job.kind)] += 1
        return status == 0

    def _job(self, *, is_last: bool) -> Job:
        job = Job(self._kind, REPO, self._quants, checks.policy_fields())
        if is_last:
            return job
        way = self._chance.random()
        if way < 0.1:
            return replace(job, die_at_file_event=self._chance.randint(1, 12))
        if way < 0.35 and self._kind == "queue":  # when it is being put in its place
            return replace(job, die_at_file_event=self._chance.randint(1, 16), count_from_state="verifying")
        if way < 0.5:
            return replace(job, die_in_state=self._chance.choice(_STATES))
        return job

    def _check(self, reports: list[Report]) -> None:
        """After each kill."""
        checks.check_visible(self._hub)
        assert self._kept <= checks.parts(), "a partial file is gone"
        self._kept = checks.parts()
        for key in {r.key for r in reports}:
            mine = [r for r in reports if r.key == key and r.state in _STATES]
            found = max((r.resumed_bytes for r in mine), default=None)
            if found is None or not any(r.state != "checking" for r in mine):
                continue  # killed before it had counted
            lost = self._done.get(key, 0) - found
            self._out.lost_bytes = max(self._out.lost_bytes, lost)
            assert lost <= CONNECTIONS * BLOCK_BYTES, f"{lost} bytes that were reported are gone"
            self._done[key] = max(r.done_bytes for r in mine)
