"""GGUF models on the disk: the header of a file, of a shard set, and whether a set is one model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from launcher.catalog.gguf_bytes import damaged_file, shown
from launcher.catalog.gguf_header import GgufHeader, TensorInfo, Value, parse_header
from launcher.core.errors import NextStep, UserError
from launcher.core.words import say

__all__ = ["GgufHeader", "TensorInfo", "Value", "check_set", "read_header", "read_set", "shard_names", "shard_paths"]

_READ_AHEAD_BYTES = 2**20
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_MAX_SHARDS = 1024


def read_header(path: Path, file_bytes: int | None = None) -> GgufHeader:
    """The header of one file.

    Args:
        path: a GGUF file, or only the header of one.
        file_bytes: size of the whole file, where `path` holds only its header.

    Raises:
        UserError: "not_gguf", "damaged_gguf" (truncated, impossible lengths or counts) or "unreadable_file".
    """
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise FileNotFoundError(say("There is no such file."))
        with path.open("rb") as file:
            size = path.stat().st_size

            def read(start: int, end: int) -> bytes:
                file.seek(start)
                return file.read(max(end - start, _READ_AHEAD_BYTES))

            return parse_header(read, size if file_bytes is None else file_bytes, str(path))
    except OSError as error:
        raise UserError(
            "unreadable_file",
            say("{name} cannot be read.", name=path.name),
            str(error),
            (NextStep("Choose another model", "choose_model"),),
        ) from error


def read_set(path: Path) -> tuple[GgufHeader, ...]:
    """The headers of a model: one file, or all shards of the set that `path` belongs to, in order.

    Raises:
        UserError: as `read_header` and `check_set`, or "shard_missing".
    """
    paths = shard_paths(path)
    headers = tuple(read_header(p) for p in paths)
    check_set(headers, [str(p) for p in paths])
    return headers


def shard_paths(path: Path) -> tuple[Path, ...]:
    """The files of the set that `path` belongs to; itself when it is not a shard.

    Raises:
        UserError: "shard_missing", with the names.
    """
    paths = tuple(path.with_name(name) for name in shard_names(path.name))
    missing = [p.name for p in paths if not p.exists()] if len(paths) > 1 else []
    if missing:
        raise UserError(
            "shard_missing",
            say("{n} of the {count} files of this model are missing.", n=len(missing), count=len(paths)),
            say("The first one is {name}.", name=missing[0]),
            (
                NextStep("Put all files into one folder"),
                NextStep("Download the model again", "download_again", str(path)),
            ),
        )
    return paths


def shard_names(name: str) -> tuple[str, ...]:
    """The names of all files of the set that a file name belongs to, in order; itself when it is not a shard's.

    Raises:
        UserError: "damaged_gguf": a number of shards that no model has.
    """
    match = _SHARD.search(name)
    if not match:
        return (name,)
    index, count = int(match[1]), int(match[2])
    if not 1 <= index <= count <= _MAX_SHARDS:
        raise damaged_file(name, say("Part {index} of {count} is not plausible.", index=index, count=count))
    stem = name[: match.start()]
    return tuple(f"{stem}-{i:05d}-of-{count:05d}.gguf" for i in range(1, count + 1))


def check_set(headers: Sequence[GgufHeader], names: Sequence[str]) -> None:
    """Whether headers are one model as the engine takes it (llama_model_loader: split.* keys, no tensor twice).

    Args:
        headers: of all files, in the order of their names.
        names: of the files, for the error.

    Raises:
        UserError: "damaged_gguf": a part of another set, in another order, or not named as the engine looks for it.
    """
    count = headers[0].metadata.get("split.count", 0) or 1
    if count != len(headers):
        why = say("Its header counts {count} parts, its name {named}.", count=count, named=len(headers))
        raise damaged_file(names[0], why)
    if len(headers) == 1:
        return
    seen: set[str] = set()
    for number, (header, name) in enumerate(zip(headers, names, strict=True)):
        found = header.metadata.get("split.no")
        if found != number:
            why = say("By its name it is part {named}, its header says {found}.", named=number + 1, found=_part(found))
            raise damaged_file(name, why)
        for tensor in header.tensors:
            if tensor.name in seen:
                raise damaged_file(
                    name, say("The tensor “{tensor}” is in another part too.", tensor=shown(tensor.name))
                )
            seen.add(tensor.name)
    total = headers[0].metadata.get("split.tensors.count")
    if total != len(seen):
        why = say("Its parts hold {n} tensors, its header counts {total}.", n=len(seen), total=total)
        raise damaged_file(names[0], why)


def _part(number: Value | None) -> str:
    return str(number + 1) if isinstance(number, int) else say("nothing")
