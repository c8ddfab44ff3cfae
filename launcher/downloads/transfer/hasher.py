"""Hashes a file while it arrives: follows the front of what is present, reads it back, and tells which blocks the disk did not keep."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Callable

from launcher.core.errors import NextStep, UserError
from launcher.core.words import say
from launcher.downloads.disk.block_map import BlockMap
from launcher.downloads.disk.part import PartFile
from launcher.downloads.transfer.schedule import Schedule

_COPY_EVERY_BYTES = 64 << 20
_MAX_LOSSES = 5


class Hasher:
    """The sha256 of the blocks up to the first one that is missing. One thread works in it at a time.

    Blocks of earlier runs are compared with the map's checksums on the way.

    Args:
        part: the bytes.
        block_map: their checksums.
        schedule: what is present; learns of blocks that have to be fetched again.
        changed: the lock of `schedule`; notified when something is present or lost.
        on_lost: called (without the lock) with the length of each block that the disk did not keep.
    """

    def __init__(
        self,
        part: PartFile,
        block_map: BlockMap,
        schedule: Schedule,
        changed: threading.Condition,
        on_lost: Callable[[int], None],
    ) -> None:
        self._part, self._map, self._schedule, self._changed = part, block_map, schedule, changed
        self._on_lost = on_lost
        self._buffer = memoryview(bytearray(block_map.block_bytes))
        self._sum = hashlib.sha256()
        self._front = 0
        self._copy_every = max(1, _COPY_EVERY_BYTES // block_map.block_bytes)
        self._copies = [(0, self._sum.copy())]
        self._losses: dict[int, int] = {}
        # What this run writes is not compared at once: it would come from memory. If the sum is wrong, everything is.
        self._has_to_compare = bytearray(map(bool, block_map.present()))

    @property
    def is_done(self) -> bool:
        """Whether the sum is that of the whole file."""
        return self._front == len(self._map)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Follow the front until the end of the file, or until `is_over` (asked with the lock held).

        Raises:
            OSError: the disk cannot be read.
            UserError: it does not keep what is written.
        """
        while not self.is_done:
            with self._changed:
                self._changed.wait_for(lambda: is_over() or self._schedule.is_present(self._front))
                if is_over():
                    return
            self._take(self._front)

    def back_to(self, block: int) -> None:
        """A block was replaced: the sum goes on from before it."""
        if block >= self._front:
            return
        while self._copies[-1][0] > block:
            self._copies.pop()
        self._front, total = self._copies[-1]
        self._sum = total.copy()

    def compare_all(self) -> None:
        """Begin anew, and compare every block with its checksum."""
        self._has_to_compare = bytearray(b"\1" * len(self._map))
        self.back_to(0)

    def sha256(self) -> str:
        """Of everything up to the front."""
        return self._sum.hexdigest()

    def _take(self, block: int) -> None:
        length = self._map.length_of(block)
        data = self._buffer[:length]
        count = self._part.read(data, block * self._map.block_bytes)
        if count != length or (self._has_to_compare[block] and not self._is_sound(block, data)):
            self._lose(block)
            return
        self._sum.update(data)
        self._front = block + 1
        if self._front % self._copy_every == 0:
            self._copies.append((self._front, self._sum.copy()))
            stretch = self._copy_every * self._map.block_bytes
            self._part.start_writing(self._front * self._map.block_bytes - stretch, stretch)

    def _is_sound(self, block: int, data: memoryview) -> bool:
        crc, wanted = zlib.crc32(data), self._map.crc(block)
        if wanted is not None:
            return crc == wanted
        # Without a map (it was lost, or is of an older version) a block that ends in zeros may be a gap, or half of one.
        if data[-1]:
            self._map.write(block, len(data), crc)
        return bool(data[-1])

    def _lose(self, block: int) -> None:
        times = self._losses[block] = self._losses.get(block, 0) + 1
        if times > _MAX_LOSSES:
            why = say("It gave back something else than what was written to it, {n} times.", n=times)
            raise UserError(
                "disk_error", "The disk had an error.", why, (NextStep("Use another disk…", "change_folder"),)
            )
        self._map.write(block, 0, 0)
        self._has_to_compare[block] = False
        with self._changed:
            lost = self._schedule.lose(block)
            self._changed.notify_all()
        self._on_lost(lost)
