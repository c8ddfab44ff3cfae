"""A complete file with the wrong sha256: finds the wrong bytes by fetching pieces again and comparing, and replaces only those."""

from __future__ import annotations

import errno
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from launcher.core.downloads import DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say
from launcher.downloads.transfer.answer import Answer
from launcher.downloads.transfer.connection import PacedReader
from launcher.downloads.transfer.retry import TransientError

if TYPE_CHECKING:
    from launcher.downloads.transfer.transfer import Transfer

_STRETCH_BYTES = 64 << 20
_LOOK_AGAIN_S = 0.1


class Repair:
    """What arrived is what the map says, so the network (or the server) changed it on the way. One connection, a fresh request.

    The blocks at which a connection broke come first, then all from the front. A block that arrives differently is fetched a
    third time: two that agree are believed. After every stretch with a difference the hash goes on from there; it ends as soon
    as the sum is right.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._t = transfer
        self._reader = PacedReader(transfer)
        self._buffer = memoryview(bytearray(transfer.block_map.block_bytes))
        self._replaced = 0
        self._compared: set[int] = set()

    def run(self) -> None:
        """Until the checksum is right.

        Raises:
            StoppedError: the user wants a pause.
            UserError: "checksum_mismatch": all was fetched a second time and it is still wrong; or the network's failure.
            OSError: the disk refused.
        """
        self._say()
        for first, last in self._stretches():
            if self._compare(first, last) and self._is_right():
                self._t.meter.enter(DownloadState.VERIFYING, self._note_done())
                return
        raise self._damaged()

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """(first, last + 1) blocks to compare, none twice."""
        size, block_bytes = len(self._t.block_map), self._t.block_map.block_bytes
        for at in sorted(self._t.suspects):
            block = at // block_bytes
            for near in (block - 1, block, block + 1):
                if 0 <= near < size and near not in self._compared:
                    yield near, near + 1
        long = max(1, _STRETCH_BYTES // block_bytes)
        block = 0
        while block < size:
            end = block
            while end < min(size, block + long) and end not in self._compared:
                end += 1
            if end > block:
                yield block, end
            block = max(end, block + 1)

    def _compare(self, first: int, last: int) -> bool:
        """Fetch blocks again. Returns whether one was replaced."""
        block = first
        changed: list[int] = []
        while block < last:
            began_s = time.monotonic()
            try:
                for block_now, crc in self._fetched(block, last):
                    if crc != self._t.block_map.crc(block_now) and self._settle(block_now, crc):
                        changed.append(block_now)
                    self._compared.add(block_now)
                    block = block_now + 1
                    self._say()
            except TransientError as error:
                self._wait(error, began_s, block)
        self._replaced += len(changed)
        if changed:
            self._t.hasher.back_to(min(changed))
        return bool(changed)

    def _fetched(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """(block, crc32) of blocks as they arrive; the bytes are in the buffer."""
        transfer, block_map = self._t, self._t.block_map
        start = first * block_map.block_bytes
        end = min(last * block_map.block_bytes, block_map.size_bytes)
        line = transfer.lines.open()
        try:
            with closing(transfer.source.open(start, end, line)) as answer:
                while answer.at < start:
                    self._fill(answer, min(len(self._buffer), start - answer.at))
                for block in range(first, last):
                    yield block, self._fill(answer, block_map.length_of(block))
        finally:
            transfer.lines.close(line)

    def _fill(self, answer: Answer, length: int) -> int:
        """Read so many bytes into the buffer. Returns their crc32."""
        done = 0
        while done < length:
            self._t.look()
            count = self._reader.read(answer, self._buffer[done:length])
            if not count:
                raise TransientError(say("The connection ended early."))
            done += count
        return zlib.crc32(self._buffer[:length])

    def _settle(self, block: int, crc: int) -> bool:
        """A block arrived differently. Fetch it a third time; keep the old one only if that agrees with it."""
        old = self._t.block_map.crc(block)
        for _, crc_again in self._fetched(block, block + 1):
            if crc_again == old:
                return False
            crc = crc_again
        data, at = self._buffer[: self._t.block_map.length_of(block)], block * self._t.block_map.block_bytes
        while data:
            written = self._t.part.write(data, at)
            data, at = data[written:], at + written
        self._t.block_map.write(block, self._t.block_map.length_of(block), crc)
        return True

    def _is_right(self) -> bool:
        hasher = self._t.hasher
        hasher.run(lambda: self._t.stop.is_set() or not self._t.schedule.is_complete)
        self._t.look()
        if not hasher.is_done:
            raise OSError(errno.EIO, os.strerror(errno.EIO))  # it was read back well a moment ago
        return hasher.sha256() == self._t.file.sha256

    def _wait(self, error: TransientError, began_s: float, block: int) -> None:
        """Before the next try. What was compared counts as progress."""
        transfer = self._t
        transfer.look()
        with transfer.changed:
            note = transfer.backoff.failed(
                error, began_s, transfer.schedule.size_bytes + len(self._compared) * (1 << 20)
            )
        transfer.meter.enter(DownloadState.VERIFYING, note)
        while True:
            transfer.look()
            with transfer.changed:
                if not transfer.backoff.is_waiting:
                    transfer.meter.waits(None)
                    return
                transfer.meter.waits((transfer.backoff.until_s or 0.0) - time.monotonic())
                transfer.changed.wait(_LOOK_AGAIN_S)

    def _say(self) -> None:
        done = min(len(self._compared) * self._t.block_map.block_bytes, self._t.block_map.size_bytes)
        note = say(
            "{name} arrived damaged. It is fetched again in pieces and compared: {done} of {size} so far; only what differs is replaced.",
            name=self._t.file.name,
            done=gb(done),
            size=gb(self._t.block_map.size_bytes),
        )
        self._t.meter.note(note)

    def _note_done(self) -> str:
        return say("{n} damaged pieces were fetched again.", n=self._replaced)

    def _damaged(self) -> UserError:
        found, wanted = self._t.hasher.sha256(), self._t.file.sha256 or ""
        why = say(
            "Its {size} have the checksum {found}…, the hub says {wanted}…, also after everything was fetched a second time. "
            "It was not installed.",
            size=gb(self._t.block_map.size_bytes),
            found=found[:12],
            wanted=wanted[:12],
        )
        return UserError(
            "checksum_mismatch",
            say("{name} arrived damaged.", name=self._t.file.name),
            why,
            (NextStep("Fetch again", "retry"), NextStep("Delete it", "remove")),
            f"sha256 {found}, expected {wanted}",
        )
