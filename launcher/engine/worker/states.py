"""The KV state of one conversation as a file.

Written so that a kill leaves the old one or none; read only when it is ours, whole, and made by this model, engine and cache.

    what llama_state_seq_save_file writes | checkpoints | header (JSON) | footer

The footer holds the lengths and a tag: HMAC-SHA-256 of the header under a secret that lies beside the states. The header holds
the digest of the first two parts. llama.cpp's reader trusts what it reads, so it gets nothing that this engine did not write.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import hashlib
import hmac
import json
import os
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from launcher.core.codec import from_json, to_json
from launcher.engine.kv_states import PART_SUFFIX, SUFFIX
from launcher.engine.worker.checkpoints import Checkpoint
from launcher.engine.worker.model import NativeModel

_MAGIC = b"KVSTATE\x00"
_VERSION = 2
_FOOTER = struct.Struct("<8sIIQ32s")  # magic, version, bytes of the header, bytes before it, tag
_HEADER_LIMIT_BYTES = 64 * 2**20
_SECRET_BYTES = 32
_PIECE_BYTES = 16 * 2**20
_HASH_THREADS = 4


class StateRefused(Exception):  # noqa: N818 - an answer goes on without it
    """The state is not used; the text says why."""


class StateDamagedError(StateRefused):
    """It is of no use to anybody, whatever is loaded."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself.

    Attributes:
        key: of the model, the engine and the kind of cache (worker/state_key.py).
        tokens: whose state it is, in order.
        digest: of llama.cpp's part and the checkpoints, see `_digest`; `seal` finds it out.
        written: answers among the tokens, by their text: the tokens as they were written (Session's memory of them).
        checkpoints: tokens and bytes of each (worker/checkpoints.py), in order.
    """

    key: str
    tokens: tuple[int, ...]
    digest: str = ""
    written: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    checkpoints: tuple[tuple[int, int], ...] = ()

    @property
    def checkpoint_bytes(self) -> int:
        """Of all of them."""
        return sum(size for _, size in self.checkpoints)


@dataclass(frozen=True, slots=True)
class _Record:
    """A header as it is written: tokens as base64 of little-endian int32, read in a moment however many they are."""

    key: str
    tokens: str
    digest: str
    written: dict[str, str]
    checkpoints: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file whose header is ours.

    Attributes:
        state_bytes: of llama.cpp's part and the checkpoints.
    """

    path: Path
    header: Header
    state_bytes: int


# --- writing ----------------------------------------------------------------------------------------------------------


def write(native: NativeModel, sequence: int, tokens: list[int], checkpoints: Sequence[Checkpoint], path: Path) -> Path:
    """Let llama.cpp write the state beside `path`, and add the checkpoints; `seal` makes it a state of ours.

    Raises:
        OSError: the disk is full, or the file cannot be made.
    """
    part = path.with_suffix(PART_SUFFIX)
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # fopen keeps the rights
    llama = native.binding.llama
    native.binding.log.mark()
    array = (ctypes.c_int32 * len(tokens))(*tokens)
    written = int(llama.llama_state_seq_save_file(native.context, os.fsencode(part), sequence, array, len(tokens)))
    # llama.cpp does not look at what closing the file says: its size does.
    if not written or part.stat().st_size != written:
        with contextlib.suppress(OSError):
            part.unlink()
        raise OSError("; ".join(native.binding.log.errors(2)) or "the file was not written to its end")
    try:
        with part.open("ab") as file:
            for checkpoint in checkpoints:
                file.write(checkpoint.state)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return part


def seal(part: Path, path: Path, header: Header) -> int:
    """Add header and footer, wait for the disk, and put it in the place of the old one; returns the bytes of the file.

    Touches nothing native: for any thread.

    Raises:
        OSError: the disk is full, or went away.
    """
    state_bytes = part.stat().st_size
    try:
        data = _encode(header, _digest(part, state_bytes, lambda: False))
        tag = _tag(_secret(path.parent), state_bytes, data)
        with part.open("ab") as file:
            file.write(data + _FOOTER.pack(_MAGIC, _VERSION, len(data), state_bytes, tag))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return state_bytes + len(data) + _FOOTER.size


# --- reading ----------------------------------------------------------------------------------------------------------


def look(path: Path, key: str) -> Stored | None:
    """The header of a state; None when there is none.

    Raises:
        StateRefused: it belongs to another model, engine or kind of cache.
        StateDamagedError: it is cut off, altered, or was not written here.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _FOOTER.size:
                raise StateDamagedError(f"The file has only {size} bytes.")
            file.seek(size - _FOOTER.size)
            magic, version, header_bytes, state_bytes, tag = _FOOTER.unpack(file.read(_FOOTER.size))
            if magic != _MAGIC:
                raise StateDamagedError("The file does not end as a state does.")
            if version != _VERSION:
                raise StateRefused(f"It is of version {version}; this is version {_VERSION}.")
            if header_bytes > _HEADER_LIMIT_BYTES or state_bytes + header_bytes + _FOOTER.size != size:
                raise StateDamagedError(f"Its lengths do not add up to {size} bytes.")
            file.seek(state_bytes)
            data = file.read(header_bytes)
        expected = _tag(_secret(path.parent), state_bytes, data)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateRefused(f"The file cannot be read: {error.strerror}.") from error
    if not hmac.compare_digest(tag, expected):
        raise StateDamagedError("It is damaged, or was not written here.")
    try:
        header = _decode(data)
    except (ValueError, RecursionError) as error:
        raise StateDamagedError(f"Its header makes no sense: {error}.") from error
    if header.key != key:
        raise StateRefused("It was made by another model, engine or kind of cache.")
    places = [n for n, _ in header.checkpoints]
    in_order = all(a < b for a, b in pairwise([0, *places, len(header.tokens) + 1]))
    if not in_order or any(size <= 0 for _, size in header.checkpoints) or header.checkpoint_bytes > state_bytes:
        raise StateDamagedError("Its checkpoints make no sense.")
    return Stored(path, header, state_bytes)


def read(native: NativeModel, sequence: int, stored: Stored, is_stopped: Callable[[], bool]) -> tuple[Checkpoint, ...]:
    """Put the state into a sequence, whatever that held; it holds the header's tokens then. Returns the ways back in it.

    Raises:
        StateRefused: it was stopped (the sequence is as it was), or llama.cpp could not take it (it is empty then).
        StateDamagedError: the file was altered; the sequence is as it was.
    """
    try:
        digest = _digest(stored.path, stored.state_bytes, is_stopped)
        checkpoints = _read_checkpoints(stored)
    except OSError as error:
        raise StateRefused(f"The file cannot be read: {error.strerror}.") from error
    if digest != stored.header.digest:
        raise StateDamagedError("It is damaged.")
    llama, tokens = native.binding.llama, stored.header.tokens
    array, count = (ctypes.c_int32 * len(tokens))(), ctypes.c_size_t()
    native.binding.log.mark()
    done = llama.llama_state_seq_load_file(
        native.context, os.fsencode(stored.path), sequence, array, len(tokens), ctypes.byref(count)
    )
    end = int(llama.llama_memory_seq_pos_max(native.memory, sequence)) + 1 if done else 0
    if not done or tuple(array) != tokens or count.value != len(tokens) or end != len(tokens):
        llama.llama_memory_seq_rm(native.memory, sequence, -1, -1)
        raise StateRefused("; ".join(native.binding.log.errors(2)) or f"It ends at {end} of {len(tokens)} tokens.")
    with contextlib.suppress(OSError):
        os.utime(stored.path)  # used now: others make room first
    return checkpoints


def _read_checkpoints(stored: Stored) -> tuple[Checkpoint, ...]:
    found: list[Checkpoint] = []
    with stored.path.open("rb") as file:
        file.seek(stored.state_bytes - stored.header.checkpoint_bytes)
        for n_tokens, size in stored.header.checkpoints:
            state = (ctypes.c_uint8 * size)()
            if file.readinto(state) != size:
                raise StateDamagedError("It is damaged.")
            found.append(Checkpoint(n_tokens, state))
    return tuple(found)


def _encode(header: Header, digest: str) -> bytes:
    written = {text: _packed(tokens) for text, tokens in header.written.items()}
    record = _Record(header.key, _packed(header.tokens), digest, written, header.checkpoints)
    return json.dumps(to_json(record), separators=(",", ":")).encode("ascii")


def _decode(data: bytes) -> Header:
    """Raises ValueError."""
    record = from_json(_Record, json.loads(data))
    written = {text: _unpacked(tokens) for text, tokens in record.written.items()}
    return Header(record.key, _unpacked(record.tokens), record.digest, written, record.checkpoints)


def _packed(tokens: Sequence[int]) -> str:
    return base64.b64encode(struct.pack(f"<{len(tokens)}i", *tokens)).decode("ascii")


def _unpacked(text: str) -> tuple[int, ...]:
    data = base64.b64decode(text, validate=True)
    if len(data) % 4:
        raise ValueError(f"{len(data)} bytes of tokens")
    return struct.unpack(f"<{len(data) // 4}i", data)


# --- what vouches for it ----------------------------------------------------------------------------------------------


def _digest(path: Path, size_bytes: int, is_stopped: Callable[[], bool]) -> str:
    """SHA-256 over the SHA-256 of pieces of 16 MiB: several are read and hashed at a time."""

    def piece(start: int) -> bytes:
        if is_stopped():
            raise StateRefused("It was stopped.")
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            wanted = min(_PIECE_BYTES, size_bytes - start)
            whole = hashlib.sha256()
            while wanted and (data := file.read(min(wanted, 2**20))):
                whole.update(data)
                wanted -= len(data)
            return whole.digest()

    with ThreadPoolExecutor(_HASH_THREADS) as pool:
        pieces = list(pool.map(piece, range(0, size_bytes, _PIECE_BYTES)))
    return hashlib.sha256(b"".join(pieces)).hexdigest()


def _tag(secret: bytes, state_bytes: int, header: bytes) -> bytes:
    return hmac.digest(secret, state_bytes.to_bytes(8, "little") + header, "sha256")


def _secret(folder: Path) -> bytes:
    """Made once for each folder; a file of another length is replaced, and all states before are refused."""
    path = folder / "secret"
    with contextlib.suppress(FileNotFoundError):
        secret = path.read_bytes()
        if len(secret) == _SECRET_BYTES:
            return secret
    secret = os.urandom(_SECRET_BYTES)
    partial = path.with_suffix(PART_SUFFIX)
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    os.replace(partial, path)
    return secret


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk too; Windows knows no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_state(path: Path) -> bool:
    """Whether a path may be one of a state: nothing else is ever written or replaced."""
    return path.is_absolute() and path.suffix == SUFFIX
