"""The bytes of the fake hub's files: ranges, and everything that can be wrong with them."""

from __future__ import annotations

import os
import re
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.hub_faults import Fault

if TYPE_CHECKING:
    from tests.fakes.hub import StoredFile
    from tests.fakes.hub_server import Handler

_PIECE = 64 * 1024
_FAST_PIECE = 4 * 1024 * 1024


@dataclass
class _Body:
    """What goes out: bytes `start` to `end` of the file (zeros beyond its end), and what is said about them."""

    file: StoredFile
    start: int
    end: int
    status: int
    content_range: str = ""
    content_length: int | None = None
    is_chunked: bool = False


def answer(handler: Handler, file: StoredFile, name: str) -> None:
    """Answer a request for a file's bytes."""
    hub = handler.hub
    etag = '"replaced"' if hub.faults.take("wrong_etag", "cdn", name) else f'"{file.sha256[:32]}"'
    if handler.headers.get("If-None-Match") == etag:
        handler.answer(304, b"", {"ETag": etag})
        return
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
    if asked and (hub.faults.take("unsatisfiable", "cdn", name) or int(asked[1]) >= file.size):
        handler.answer(416, b"", {"Content-Range": f"bytes */{file.size}"})
        return
    with hub.body_under_way() as at_once:
        crowded = hub.faults.crowded(name, at_once)
        if crowded and crowded.status:
            handler.answer(crowded.status, b"", {})
        elif crowded:
            handler.break_off(hard=True)
        else:
            body = _body(handler, file, name, asked if handler.headers.get("If-Range", etag) == etag else None)
            _send_headers(handler, body, etag)
            if handler.command == "GET":
                _send(handler, body, name)


def _body(handler: Handler, file: StoredFile, name: str, asked: re.Match[str] | None) -> _Body:
    faults = handler.hub.faults
    if asked is None or faults.take("no_range", "cdn", name):
        body = _Body(file, 0, file.size, 200)
    else:
        start, end = int(asked[1]), min(file.size, int(asked[2]) + 1) if asked[2] else file.size
        if faults.take("wrong_range", "cdn", name):
            start = start - 10 if start >= 10 else min(start + 10, end - 1)
        body = _Body(file, start, end, 206, f"bytes {start}-{end - 1}/{file.size}")
        if faults.take("no_content_range", "cdn", name):
            body.content_range = ""
    if wrong := faults.take("wrong_body", "cdn", name):
        body.end = max(body.start, body.end + wrong.delta)
    body.content_length = body.end - body.start
    if wrong := faults.take("wrong_length", "cdn", name):
        body.content_length = max(0, body.content_length + wrong.delta)
        handler.close_connection = True
    if faults.take("chunked", "cdn", name):
        body.content_length, body.is_chunked = None, True
    elif faults.take("no_size", "cdn", name):
        body.content_length, handler.close_connection = None, True
    return body


def _send_headers(handler: Handler, body: _Body, etag: str) -> None:
    handler.entry.status = body.status
    handler.send_response(body.status)
    handler.send_header("ETag", etag)
    handler.send_header("Accept-Ranges", "bytes")
    if body.content_length is not None:
        handler.send_header("Content-Length", str(body.content_length))
    if body.is_chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    if body.content_range:
        handler.send_header("Content-Range", body.content_range)
    if handler.close_connection:
        handler.send_header("Connection", "close")
    handler.end_headers()


def _send(handler: Handler, body: _Body, name: str) -> None:
    faults, entry = handler.hub.faults, handler.entry
    span = (body.start, body.end)
    reset = faults.take("reset", "cdn", name, span)
    cut, stall = reset or faults.take("cut", "cdn", name, span), faults.take("stall", "cdn", name, span)
    slow, slow_total = faults.take("throttle", "cdn", name), faults.take("throttle_total", "cdn", name)
    wrong = faults.take("corrupt", "cdn", name, span)
    if not (cut or stall or slow or slow_total or wrong or body.is_chunked or body.end > body.file.size):
        _send_fast(handler, body)
        return
    began = time.monotonic()
    while (offset := body.start + entry.sent_bytes) < body.end:
        if cut and entry.sent_bytes >= cut.after_bytes:
            handler.break_off(hard=reset is not None)
            return
        if stall and entry.sent_bytes >= stall.after_bytes:
            handler.hub.wait(stall.seconds)
            stall = None
        length = min(_PIECE, body.end - offset, _until(cut, entry.sent_bytes), _until(stall, entry.sent_bytes))
        if slow:
            length = min(length, max(1024, int(slow.rate_bytes_s / 20)))
            handler.hub.wait(began + entry.sent_bytes / slow.rate_bytes_s - time.monotonic())
        if slow_total:
            length = min(length, max(1024, int(slow_total.rate_bytes_s / 20)))
            handler.hub.wait(faults.turn(slow_total, length) - time.monotonic())
        block = body.file.read(offset, length).ljust(length, b"\0")
        if wrong:
            block = wrong.garble(block, offset)
        handler.wfile.write(b"%x\r\n%b\r\n" % (length, block) if body.is_chunked else block)
        entry.sent_bytes += length
    if body.is_chunked:
        handler.wfile.write(b"0\r\n\r\n")


def _until(fault: Fault | None, sent_bytes: int) -> int:
    """How much may go before a fault strikes."""
    return fault.after_bytes - sent_bytes if fault and fault.after_bytes > sent_bytes else _PIECE


def _send_fast(handler: Handler, body: _Body) -> None:
    """Nothing is wrong: as fast as the machine can, so that measurements are not of this server."""
    entry, source, connection = handler.entry, body.file.source, handler.connection
    if isinstance(source, bytes):
        view = memoryview(source)
        while (offset := body.start + entry.sent_bytes) < body.end:
            entry.sent_bytes += connection.send(view[offset : min(body.end, offset + _FAST_PIECE)])
        return
    with source.open("rb") as stream:
        if not isinstance(connection, ssl.SSLSocket) and hasattr(os, "sendfile"):
            connection.settimeout(None)  # os.sendfile knows no timeouts; `hang_up` ends it
            while (offset := body.start + entry.sent_bytes) < body.end:
                count = os.sendfile(connection.fileno(), stream.fileno(), offset, min(_FAST_PIECE, body.end - offset))
                if count == 0:  # the file was cut short under us
                    handler.break_off(hard=True)
                    return
                entry.sent_bytes += count
            connection.settimeout(handler.timeout)
            return
        stream.seek(body.start)
        while (left := body.end - body.start - entry.sent_bytes) > 0:
            block = stream.read(min(_PIECE * 4, left))
            connection.sendall(block)
            entry.sent_bytes += len(block)
