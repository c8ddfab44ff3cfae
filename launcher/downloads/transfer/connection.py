"""One of a transfer's connections: claims a run, asks for it, writes what comes, notes it in the map; again until nothing is left."""

from __future__ import annotations

import time
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

from launcher.core.words import say
from launcher.downloads.transfer.answer import Answer
from launcher.downloads.transfer.retry import StoppedError, TransientError
from launcher.downloads.transfer.schedule import Run

if TYPE_CHECKING:
    from launcher.downloads.transfer.transfer import Transfer

_BUFFER_BYTES = 1 << 20
_LEAST_READ_BYTES = 16 << 10
_JERKY_S = 0.1
_LOOK_AGAIN_S = 0.1


class Connection:
    """A connection of a transfer; `run` is the body of its thread.

    Args:
        transfer: whose work it shares.
        number: 0 is always wanted, higher ones only while the server takes so many.
    """

    def __init__(self, transfer: Transfer, number: int) -> None:
        self._t, self._number = transfer, number
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._reader = PacedReader(transfer)
        self._crc = 0
        self._recorded_at_s = 0.0

    def run(self) -> None:
        """Until the file is complete or the transfer is over.

        Raises:
            UserError: it cannot go on.
            OSError: the disk refused.
        """
        transfer = self._t
        while self._claim():
            began_s = time.monotonic()
            try:
                self._fetch()
            except StoppedError:
                return
            except TransientError as error:
                with transfer.changed:
                    transfer.suspects.add(min(self._run.at, transfer.schedule.size_bytes - 1))
                    transfer.crew.failed(self._number, error, began_s)
            finally:
                with transfer.changed:
                    transfer.schedule.release(self._run)
                    transfer.crew.left(self._number)
                    transfer.changed.notify_all()

    def _claim(self) -> bool:
        """Wait for work, and for leave to begin it. False when there is none any more."""
        transfer = self._t
        with transfer.changed:
            while not transfer.is_over and not transfer.hasher.is_done:
                run = transfer.schedule.claim(time.monotonic()) if transfer.crew.may_open(self._number) else None
                if run is not None:
                    self._run: Run = run
                    transfer.crew.opening(self._number)
                    return True
                transfer.changed.wait(_LOOK_AGAIN_S)
        return False

    def _fetch(self) -> None:
        transfer = self._t
        line = transfer.lines.open()
        try:
            with closing(transfer.source.open(self._run.at, self._run.end, line)) as answer:
                with transfer.changed:
                    transfer.crew.opened(self._number, is_whole=answer.is_whole)
                while True:
                    self._receive(answer)
                    if not self._goes_on(answer):
                        return
        finally:
            transfer.lines.close(line)

    def _goes_on(self, answer: Answer) -> bool:
        """A server that sends the whole file goes on to the next run that is missing."""
        transfer = self._t
        if answer.at == answer.until:
            return False
        with transfer.changed:
            following = transfer.schedule.claim(time.monotonic()) if transfer.crew.is_alone(self._number) else None
            if following is None:
                return False
            transfer.schedule.release(self._run)
            self._run = following
            return following.at >= answer.at and following.at < answer.until

    def _receive(self, answer: Answer) -> None:
        """Write a run. What is present already, and a server sends all the same, is passed over."""
        run = self._run
        while answer.at < run.at:
            if not self._reader.read(answer, self._buffer[: run.at - answer.at]):
                raise TransientError(say("The connection ended early."))
        self._crc = self._crc_before(run.at)
        try:
            while run.at < run.end:
                count = self._reader.read(answer, self._buffer[: run.end - run.at])
                if not count:
                    raise TransientError(say("The connection ended early."))
                self._write(run, count)
        finally:
            self._record(run)

    def _write(self, run: Run, count: int) -> None:
        transfer = self._t
        with transfer.changed:
            count = transfer.schedule.reserve(run, count)
        data = self._buffer[:count]
        while data:
            written = transfer.part.write(data, run.at)
            has_block = self._note(run.at, data[:written])
            with transfer.changed:
                transfer.schedule.advance(run, written)
                if has_block:
                    transfer.changed.notify_all()
            transfer.meter.received(written)
            data = data[written:]
        if time.monotonic() - self._recorded_at_s >= transfer.policy.record_s:
            self._record(run)

    def _note(self, at: int, data: memoryview) -> bool:
        """Take written bytes into the blocks' checksums; complete blocks go into the map. Returns whether there was one."""
        has_block = False
        while data:
            block, inside = divmod(at, self._t.schedule.block_bytes)
            length = self._t.schedule.length_of(block)
            piece = data[: length - inside]
            self._crc = zlib.crc32(piece, self._crc if inside else 0)
            at += len(piece)
            data = data[len(piece) :]
            if inside + len(piece) == length:
                self._t.block_map.write(block, length, self._crc)
                has_block = True
        return has_block

    def _record(self, run: Run) -> None:
        """Note what is there of the block under way."""
        block, inside = divmod(run.at, self._t.schedule.block_bytes)
        if inside and run.at < self._t.schedule.size_bytes:
            self._t.block_map.write(block, inside, self._crc)
        self._recorded_at_s = time.monotonic()

    def _crc_before(self, at: int) -> int:
        """Checksum of what is there of a block that a run goes on with."""
        block, inside = divmod(at, self._t.schedule.block_bytes)
        if not inside:
            return 0
        known = self._t.block_map.crc(block)
        if known is not None:
            return known
        data = memoryview(bytearray(inside))
        self._t.part.read(data, at - inside)
        return zlib.crc32(data)


class PacedReader:
    """Reads an answer as fast as the speed limit lets it, in pieces that a slow limit does not turn into jerks."""

    def __init__(self, transfer: Transfer) -> None:
        self._t = transfer
        self._unpaid = 0
        self._piece_bytes = _BUFFER_BYTES

    def read(self, answer: Answer, buffer: memoryview) -> int:
        """Up to a buffer full; 0 at the end.

        Raises:
            StoppedError: the transfer is over.
            TransientError: the connection broke.
        """
        began_s = time.monotonic()
        if self._unpaid:
            self._t.throttle(self._unpaid)
        is_slow = time.monotonic() - began_s > _JERKY_S
        if is_slow:
            self._piece_bytes = max(_LEAST_READ_BYTES, self._piece_bytes // 2)
        elif self._piece_bytes < _BUFFER_BYTES:
            self._piece_bytes += _LEAST_READ_BYTES
        if self._t.is_over:
            raise StoppedError
        self._unpaid = answer.read(buffer[: self._piece_bytes])
        if self._t.is_over:
            raise StoppedError
        return self._unpaid
