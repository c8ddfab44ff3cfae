"""The download queue: which items run, which wait, and what the user asked of them. Plain threads; no window needed.

Public methods only change what is wanted and return at once; how an item stands after each event is `lifecycle`'s table, and the
`keeper` brings the world in line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.downloads.moving import move
from launcher.downloads.queue import jobs
from launcher.downloads.queue.keeper import Keeper
from launcher.downloads.queue.lifecycle import Event
from launcher.downloads.queue.roster import Roster
from launcher.downloads.transfer.retry import Policy

_LOOK_AGAIN_S = 5.0


class DownloadQueue:
    """Items in order; at most `at_once` are fetched. Finds its items again after a restart or a crash. Blocks while it is made.

    Args:
        on_progress: called from the queue's threads at every change of an item; not twice at once for one item.
        at_once: items fetched at the same time.
        policy: how patient each fetch is; normally it never gives up on the network.
        limit_bytes_s: for all items together; None is none.
        resume_on_start: go on with what ran or waited when the program ended. What the user paused stays paused.
        look_again_s: so often it looks whether an obstacle (a full disk, a file that another program fetches) is gone.

    Attributes:
        note: a sentence for the user about the restart ("The list of downloads was damaged ..."), "" normally.
    """

    def __init__(
        self,
        on_progress: Callable[[DownloadProgress], None],
        at_once: int = 2,
        policy: Policy | None = None,
        *,
        limit_bytes_s: int | None = None,
        resume_on_start: bool = False,
        look_again_s: float = _LOOK_AGAIN_S,
    ) -> None:
        moved = {r.key: r for r in move.tidy()}
        found, self.note = jobs.load()
        roster = Roster(replace(j, request=moved.get(j.request.key, j.request)) for j in found)
        roster.is_unsaved = bool(self.note or moved)
        for job in roster if resume_on_start else ():
            roster.apply(job.request.key, Event.OPEN)
        policy = policy or Policy(attempts=None)
        self._keeper = Keeper(roster, on_progress, at_once, policy, limit_bytes_s, look_again_s)
        self._changed, self._jobs = self._keeper.changed, roster
        self._keeper.start()

    # What the user sees and asks.

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, in order, with its last state."""
        with self._changed:
            return tuple((j.request, j.progress) for j in self._jobs if not j.standing.is_leaving)

    def start(self, request: DownloadRequest) -> str:
        """Begin, or go on with, an item. Returns its key.

        A known item that was begun keeps its exact request: it is finished at the commit, and in the folder, at which it began.
        """
        with self._changed:
            if not self._keeper.is_closing:
                self._jobs.want(request)
        self._ask(request.key, Event.START)
        return request.key

    def resume(self, key: str) -> None:
        """Go on where it stopped; nothing for an unknown or a finished item."""
        with self._changed:
            job = self._jobs.get(key)
            is_finished = job is None or job.progress.state is DownloadState.DONE
        if not is_finished:
            self._ask(key, Event.START)

    def retry_now(self, key: str) -> None:
        """End a wait for the network, for a disk or for another program, and try at once."""
        with self._changed:
            self._keeper.patience.forget(key)
            worker = self._keeper.workers.get(key)
            if worker is not None:
                worker.retry_now.set()
            self._changed.notify_all()
        if worker is None:
            self.resume(key)

    def pause(self, key: str) -> None:
        """Stop fetching, or moving; every byte and the item stay, and only the user starts it again."""
        self._ask(key, Event.PAUSE)

    def pause_all(self) -> None:
        """Pause everything that runs, waits, or would go on by itself."""
        for request, _progress in self.jobs():
            self.pause(request.key)

    def resume_all(self) -> None:
        """Go on with everything that is paused or failed."""
        for request, progress in self.jobs():
            if progress.state in (DownloadState.PAUSED, DownloadState.FAILED):
                self.resume(request.key)

    def cancel(self, key: str) -> None:
        """Stop and forget the item; its bytes stay on the disk, and starting the same item again goes on from them."""
        self._ask(key, Event.CANCEL)

    def remove(self, key: str) -> None:
        """Stop, forget the item and delete its partial files. A finished item is only forgotten: its model stays."""
        self._ask(key, Event.REMOVE)

    def restart(self, key: str) -> None:
        """Delete what is there and fetch the newest revision from the beginning, at the same place in the order."""
        self._ask(key, Event.RESTART)

    def change_folder(self, key: str, folder: str | None) -> None:
        """Stop, move what is there to another folder (None: the hub cache), and go on there. `pause` ends the move.

        When the move fails the item is FAILED with the reason, everything is where it was, and a start goes on there.
        """
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.progress.state is DownloadState.DONE or self._keeper.is_closing:
                return
            self._jobs.targets[key] = folder
            self._keeper.apply(key, Event.MOVE)
        self._keeper.report(key)

    def move(self, key: str, index: int) -> None:
        """Give an item another place in the order: the one in `jobs()` that it has afterwards. What runs goes on running."""
        with self._changed:
            if key in self._jobs:
                self._jobs.reorder(key, index)
                self._changed.notify_all()

    def set_item_limit(self, key: str, bytes_s: int | None) -> None:
        """Limit one item; None lifts it. At once, and remembered."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None:
                return
            if worker := self._keeper.workers.get(key):
                worker.limit.set(bytes_s)
            self._jobs.put(replace(job, progress=replace(job.progress, limit_bytes_s=bytes_s)))
            self._changed.notify_all()
        self._keeper.report(key)

    def set_limit(self, bytes_s: int | None) -> None:
        """Limit all items together; None lifts it. At once."""
        self._keeper.limit.set(bytes_s)

    def set_at_once(self, count: int) -> None:
        """Fetch so many at a time; when there are more, the last in the order wait again."""
        with self._changed:
            self._keeper.at_once = count
            keys = [j.request.key for j in self._jobs]
            fetching = [k for k in keys if k in self._keeper.workers and not self._keeper.workers[k].is_moving]
            for key in fetching[count:]:
                self._keeper.apply(key, Event.YIELD)
            self._changed.notify_all()

    def set_connections(self, count: int) -> None:
        """Connections of one file, for items that start from now on."""
        with self._changed:
            self._keeper.policy = replace(self._keeper.policy, connections=count)

    def close(self, timeout_s: float = 5.0) -> None:
        """Pause everything, write the list and end the threads; next time the items are found again."""
        self._keeper.close(timeout_s)

    def _ask(self, key: str, event: Event) -> None:
        with self._changed:
            if key not in self._jobs or self._keeper.is_closing:
                return
            if event is Event.START:
                self._keeper.patience.forget(key)
            self._keeper.apply(key, event)
        self._keeper.report(key)
