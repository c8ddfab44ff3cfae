"""Frozen dataclasses to and from plain JSON values.

Unknown keys are ignored, so that a newer writer can be read; a missing key takes the field's default. Wrong types
raise `ValueError` with the path of the offending value, because files and messages are untrusted input.
Written here because `core` is standard library only.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from launcher.core.words import Said

T = TypeVar("T")

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def to_json(value: object) -> Any:
    """Turn dataclasses, enums, tuples and dicts into JSON values (dicts keep field order); a `Said` into its parts."""
    if isinstance(value, Said):
        return value.parts()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        items = typing.cast("typing.Sequence[object]", value)
        return [to_json(v) for v in items]
    if isinstance(value, dict):
        pairs = typing.cast("dict[object, object]", value)
        return {str(k): to_json(v) for k, v in pairs.items()}
    return value


def from_json(kind: type[T], data: object, path: str = "$") -> T:
    """Build a value of type `kind` from JSON data.

    Args:
        kind: a dataclass, enum, primitive, `tuple[X, ...]`, `dict[str, X]` or a union with None.
        data: what `json.loads` returned.
        path: where we are, for the error text.

    Raises:
        ValueError: the data does not have the shape of `kind`; the text names the place.
    """
    return typing.cast("T", _decode(kind, data, path))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, data: object, path: str) -> object:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(kind, data, path)
    if origin is tuple:
        items = _expect(list, data, path)
        item_kind = typing.get_args(kind)[0]
        return tuple(_decode(item_kind, v, f"{path}[{i}]") for i, v in enumerate(items))
    if origin is dict:
        pairs = _expect(dict, data, path)
        value_kind = typing.get_args(kind)[1]
        return {str(k): _decode(value_kind, v, f"{path}.{k}") for k, v in pairs.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_dataclass(kind, data, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            raise ValueError(f"{path}: {data!r} is not one of {[m.value for m in kind]}") from None
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind is int and isinstance(data, float) and data.is_integer():
        return int(data)
    return data if kind in (Any, object) else _expect(kind, data, path)


def _decode_union(kind: Any, data: object, path: str) -> object:
    members = typing.get_args(kind)
    if data is None and type(None) in members:
        return None
    problem = ValueError(f"{path}: no type fits")
    for member in (m for m in members if m is not type(None)):
        try:
            return _decode(member, data, path)
        except ValueError as error:
            problem = error
    raise problem


def _decode_dataclass(kind: type, data: object, path: str) -> object:
    pairs = _expect(dict, data, path)
    hints = _hints(kind)
    values: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        if field.name in pairs:
            values[field.name] = _decode(hints[field.name], pairs[field.name], f"{path}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{path}: the key {field.name!r} is missing")
    return kind(**values)


def _expect(kind: Any, data: object, path: str) -> Any:
    if not isinstance(data, kind) or (kind is not bool and isinstance(data, bool)):
        raise ValueError(f"{path}: expected {kind.__name__}, found {type(data).__name__}")
    return data
