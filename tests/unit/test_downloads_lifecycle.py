"""The life of a job: every event in every standing, by rules that are stated here once more in other words."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import BugError
from launcher.downloads.queue.jobs import Job
from launcher.downloads.queue.lifecycle import (
    CHECKING,
    DONE,
    ENDS,
    FAILED,
    PAUSED_BY_USER,
    PAUSED_CLOSED,
    PAUSED_DISK_FULL,
    QUEUED,
    RUNNING,
    Event,
    Standing,
    Wish,
    after,
    found_again,
)
from launcher.downloads.queue.patience import Patience
from launcher.downloads.queue.roster import Roster
from tests.depth import part

RESTING = (QUEUED, PAUSED_BY_USER, PAUSED_DISK_FULL, PAUSED_CLOSED, FAILED, DONE)
ASKED = frozenset({Event.START, Event.RESTART, Event.MOVE})
ON_THE_WAY = frozenset({Event.CHECK, Event.RECEIVE, Event.VERIFY})


def reachable() -> set[Standing]:
    """Every standing that any sequence of events leads to."""
    found, new = set[Standing](), {QUEUED}
    while new:
        found |= new
        steps = set[Standing]()
        for now, event in itertools.product(new, Event):
            try:
                steps.add(after(now, event))
            except BugError:
                continue
        new = {s for s in steps if not s.is_gone} - found
    return found


def test_every_standing_is_reached_and_none_without_sense() -> None:
    found = reachable()
    assert set(RESTING) <= found
    assert {(s.state, s.wish) for s in found if s.is_running} == set(itertools.product(RUNNING, Wish))
    for standing in found:
        assert (standing.pause_reason is None) == (standing.state is not DownloadState.PAUSED)
        assert standing.is_running or standing.wish is Wish.NONE


@pytest.mark.parametrize("event", Event)
def test_each_event_at_rest(event: Event) -> None:
    for now in RESTING:
        if event in ENDS | ON_THE_WAY or (event is Event.SLOT and now != QUEUED):
            with pytest.raises(BugError):
                after(now, event)
            continue
        then = after(now, event)
        if now == DONE:
            assert then == DONE or event in (Event.START, Event.RESTART) or then.is_gone
        if now == PAUSED_BY_USER:
            assert then == now or event in ASKED or then.is_gone
        if now == PAUSED_DISK_FULL:
            assert then in (now, PAUSED_BY_USER) or event in ASKED | {Event.ROOM} or then.is_gone
        if then.is_running:
            assert (now, event) == (QUEUED, Event.SLOT) or event is Event.MOVE
        assert then.is_gone == (event in (Event.CANCEL, Event.REMOVE))


@pytest.mark.parametrize("event", sorted(ENDS))
@pytest.mark.parametrize("wish", Wish)
def test_each_end_with_each_wish(event: Event, wish: Wish) -> None:
    for state in RUNNING:
        then = after(Standing(state, wish=wish), event)
        if event is Event.DONE:
            assert then == DONE, "what is complete is complete"
        elif wish in (Wish.CANCEL, Wish.REMOVE):
            assert then.is_gone
            assert then.wish is wish
        elif wish in (Wish.QUEUE, Wish.RESTART):
            assert then == QUEUED
        elif wish is Wish.MOVE:
            assert then == CHECKING
        elif event is Event.FAILED:
            assert then == FAILED, "a failure is told"
        elif wish is Wish.PAUSE:
            assert then == PAUSED_BY_USER
        elif event is Event.DISK_FULL:
            assert then == PAUSED_DISK_FULL
        elif wish is Wish.CLOSE:
            assert then == PAUSED_CLOSED
        else:
            assert then == (PAUSED_BY_USER if event is Event.STOPPED else QUEUED)


def test_second_thoughts_while_a_thread_stops() -> None:
    def ask(*events: Event) -> Standing:
        now = CHECKING
        for event in events:
            now = after(now, event)
        return now

    assert after(ask(Event.PAUSE, Event.START), Event.STOPPED) == QUEUED
    assert after(ask(Event.START, Event.PAUSE), Event.STOPPED) == PAUSED_BY_USER
    assert after(ask(Event.REMOVE, Event.CANCEL), Event.STOPPED).wish is Wish.REMOVE
    assert after(ask(Event.CANCEL, Event.START), Event.STOPPED) == QUEUED
    assert after(ask(Event.PAUSE, Event.CLOSE), Event.STOPPED) == PAUSED_BY_USER, "also at the next start"
    assert after(ask(Event.CLOSE, Event.START), Event.STOPPED) == PAUSED_CLOSED, "the program ends"
    assert after(ask(Event.MOVE, Event.PAUSE), Event.STOPPED) == PAUSED_BY_USER, "a pause ends a move"


def test_found_again() -> None:
    for state in RUNNING:
        assert found_again(Standing(state)) == PAUSED_CLOSED
        assert found_again(Standing(state, wish=Wish.PAUSE)) == PAUSED_BY_USER
    assert found_again(QUEUED) == PAUSED_CLOSED
    for resting in (PAUSED_BY_USER, PAUSED_DISK_FULL, PAUSED_CLOSED, FAILED, DONE):
        assert found_again(resting) == resting
    for standing in reachable():
        again = found_again(standing)
        assert not again.is_running
        assert again.wish is Wish.NONE


SIZE = 1000
KEYS = tuple(f"org/model::Q{i}" for i in range(4))


def request(key: str) -> DownloadRequest:
    repo, _, quant = key.partition("::")
    return DownloadRequest("model", "Model", quant, repo, (), SIZE)


class Queue(RuleBasedStateMachine):
    """A queue without threads and disks: the real roster, driven by every sequence of events that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Roster(())
        self.at_once = 2
        self.fetching: dict[str, int] = {}
        """Who has a thread, and its bytes."""
        self.wanted: list[str] = []
        self.user_paused: set[str] = set()

    def tell(self, key: str, event: Event, done_bytes: int | None = None) -> None:
        if key not in self.jobs:
            return
        before = self.jobs[key].progress
        self.jobs.apply(key, event, None if done_bytes is None else {"done_bytes": done_bytes})
        if key in self.jobs and event not in (Event.RESTART,) and before.state is not DownloadState.DONE:
            is_anew = self.jobs[key].progress.done_bytes == 0 and any(r.key == key for r in self.jobs.to_delete)
            assert self.jobs[key].progress.done_bytes >= before.done_bytes or is_anew
        if key not in self.jobs:
            self.wanted.remove(key)
            self.user_paused.discard(key)

    @rule(key=st.sampled_from(KEYS))
    def start(self, key: str) -> None:
        if key not in self.wanted:
            self.wanted.append(key)
        self.jobs.want(request(key))
        self.tell(key, Event.START)
        self.user_paused.discard(key)

    @rule(key=st.sampled_from(KEYS), event=st.sampled_from((Event.CANCEL, Event.REMOVE, Event.RESTART)))
    def ask(self, key: str, event: Event) -> None:
        self.tell(key, event)
        self.user_paused.discard(key)

    @rule(key=st.sampled_from(KEYS))
    def pause(self, key: str) -> None:
        self.tell(key, Event.PAUSE)
        if key in self.jobs and self.jobs[key].standing == PAUSED_BY_USER:
            self.user_paused.add(key)

    @rule(key=st.sampled_from(KEYS), event=st.sampled_from((Event.ROOM, Event.OPEN)))
    def world(self, key: str, event: Event) -> None:
        self.tell(key, event)

    @rule(key=st.sampled_from(KEYS), index=st.integers(-1, 6))
    def move(self, key: str, index: int) -> None:
        if key in self.jobs:
            self.jobs.reorder(key, index)
            self.wanted.remove(key)
            self.wanted.insert(max(0, index), key)

    @precondition(lambda self: len(self.fetching) < self.at_once)
    @rule()
    def give_slot(self) -> None:
        queued = [j.request.key for j in self.jobs if j.standing == QUEUED and j.request.key not in self.fetching]
        if queued:
            self.tell(queued[0], Event.SLOT)
            self.fetching[queued[0]] = self.jobs[queued[0]].progress.done_bytes

    @precondition(lambda self: self.fetching)
    @rule(data=st.data(), count=st.integers(0, 400))
    def receive(self, data: st.DataObject, count: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.fetching)))
        self.fetching[key] = min(SIZE, self.fetching[key] + count)
        now = DownloadProgress(key, DownloadState.DOWNLOADING, self.fetching[key], SIZE)
        self.jobs.note(now)

    @precondition(lambda self: self.fetching)
    @rule(data=st.data(), event=st.sampled_from(sorted(ENDS - {Event.MOVED})))
    def end(self, data: st.DataObject, event: Event) -> None:
        key = data.draw(st.sampled_from(sorted(self.fetching)))
        done = self.fetching.pop(key)
        self.tell(key, event, SIZE if event is Event.DONE else done)

    @rule()
    def killed_and_opened_again(self) -> None:
        again = [
            replace(j, progress=replace(j.progress, state=s.state, pause_reason=s.pause_reason), wish=s.wish)
            for j in self.jobs
            if not j.standing.is_leaving
            for s in (found_again(j.standing),)
        ]
        self.jobs, self.fetching = Roster(again), {}
        self.wanted = [k for k in self.wanted if k in self.jobs]
        for key in self.wanted:
            self.tell(key, Event.OPEN)

    @invariant()
    def threads_belong_to_running_items(self) -> None:
        running = {j.request.key for j in self.jobs if j.standing.is_running}
        assert running == set(self.fetching)
        assert len(running) <= self.at_once

    @invariant()
    def order_is_respected(self) -> None:
        assert [j.request.key for j in self.jobs] == self.wanted

    @invariant()
    def user_paused_does_not_start_by_itself(self) -> None:
        for key in self.user_paused & set(self.wanted):
            assert self.jobs[key].standing == PAUSED_BY_USER

    @invariant()
    def reasons_are_for_pauses(self) -> None:
        for job in self.jobs:
            assert (job.progress.pause_reason is None) == (job.progress.state is not DownloadState.PAUSED)
            assert not job.standing.is_gone


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=part(60), stateful_step_count=40, deadline=None)


def test_restart_forgets_the_commit_and_deletes_what_was_there() -> None:
    pinned = replace(request(KEYS[0]), revision="a" * 40)
    jobs = Roster((Job(pinned, DownloadProgress(KEYS[0], DownloadState.FAILED, 400, SIZE)),))
    jobs.apply(KEYS[0], Event.RESTART)
    assert jobs.to_delete == [pinned]
    assert jobs[KEYS[0]].request.revision is None
    assert jobs[KEYS[0]].progress.done_bytes == 0


def test_a_figure_that_moves_is_not_written_down() -> None:
    jobs = Roster(())
    jobs.want(request(KEYS[0]))
    jobs.apply(KEYS[0], Event.SLOT)
    jobs.note(DownloadProgress(KEYS[0], DownloadState.DOWNLOADING, 1, SIZE))
    jobs.is_unsaved = False
    jobs.note(DownloadProgress(KEYS[0], DownloadState.DOWNLOADING, 2, SIZE))
    assert not jobs.is_unsaved
    assert jobs[KEYS[0]].progress.done_bytes == 2


def test_a_new_run_that_has_not_looked_yet_says_what_was_known() -> None:
    jobs = Roster((Job(request(KEYS[0]), DownloadProgress(KEYS[0], DownloadState.QUEUED, 400, SIZE)),))
    jobs.apply(KEYS[0], Event.SLOT)
    jobs.note(DownloadProgress(KEYS[0], DownloadState.CHECKING))
    assert (jobs[KEYS[0]].progress.done_bytes, jobs[KEYS[0]].progress.total_bytes) == (400, SIZE)


def test_patience_doubles_only_while_nothing_is_gained() -> None:
    now_s = 0.0
    patience = Patience(5, lambda: now_s)
    assert patience.left_s("a") == 0
    patience.met("a", 100)
    assert patience.left_s("a") == 5
    for expected in (10, 20, 40, 60, 60):
        patience.met("a", 100)
        assert patience.left_s("a") == expected
    now_s = 60
    assert patience.left_s("a") == 0
    patience.looked("a")
    assert patience.left_s("a") == 60
    patience.met("a", 101)
    assert patience.left_s("a") == 5
    patience.forget("a")
    assert patience.left_s("a") == 0
    patience.looked("unknown")
    assert patience.left_s("unknown") == 5, "it would be looked for without a pause otherwise"
