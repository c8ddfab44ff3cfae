"""What a JSON schema says: its types, its numbers, and several schemas that hold at once as one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from launcher.core.errors import UserError
from launcher.core.units import whole
from launcher.core.words import say

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
ANNOTATIONS = {
    *("$schema", "$id", "$comment", "$defs", "$anchor", "definitions", "title", "description", "default", "examples"),
    *("deprecated", "readOnly", "writeOnly", "format", "type", "contentEncoding", "contentMediaType", "strict", "name"),
}
KNOWN = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems"},
    "string": {"minLength", "maxLength", "pattern"},
    "number": {"minimum", "exclusiveMinimum"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set[str](),
    "null": set[str](),
}
OF_ANY_TYPE = {"$ref", "anyOf", "oneOf", "allOf", "enum", "const"}

_MAX_ITEMS = 1000


def bad_schema(why: str) -> UserError:
    """The schema is refused."""
    return UserError("bad_schema", "The JSON schema cannot be used.", why)


def kinds(s: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a schema allows; () for any."""
    given: Any = s.get("type")
    named = cast("list[Any]", given) if isinstance(given, list) else [] if given is None else [given]
    for kind in named:
        if kind not in TYPES:
            raise bad_schema(say("There is no type {name}.", name=json.dumps(kind)[:60]))
    if named:
        return tuple(named)
    return tuple(kind for kind in ("object", "array", "string", "integer") if KNOWN[kind] & s.keys())


def only(s: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The part of a schema that concerns one of its types."""
    return {k: v for k, v in s.items() if k in KNOWN[kind] or k == "format"}


def without(s: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    """All but one keyword."""
    return {k: v for k, v in s.items() if k != keyword}


def merged(parts: Sequence[object]) -> object:
    """One schema that asks for all of these; the first one's annotations."""
    all_of: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, dict):
            if part is True:
                continue
            raise bad_schema(say("A part of a union or of allOf is not a schema."))
        for key, value in cast("dict[str, Any]", part).items():
            if key == "properties" and key in all_of:
                all_of[key] = {**all_of[key], **{n: _both(all_of[key].get(n), v) for n, v in value.items()}}
            elif key == "required" and key in all_of:
                all_of[key] = [*all_of[key], *value]
            elif key in ANNOTATIONS - {"type"} or all_of.get(key, value) == value:
                all_of.setdefault(key, value)
            else:
                raise bad_schema(say('Two values of "{keyword}" at one place cannot both be kept.', keyword=key[:80]))
    return all_of


def _both(one: object, other: object) -> object:
    return other if one is None else merged([one, other])


def list_of(s: Mapping[str, Any], keyword: str) -> list[Any]:
    """A keyword whose value is a list that is not empty."""
    found = s[keyword]
    if not isinstance(found, list) or not found:
        raise bad_schema(say('"{keyword}" must be a list that is not empty.', keyword=keyword))
    return cast("list[Any]", found)


def count_of(s: Mapping[str, Any], keyword: str) -> int | None:
    """A keyword whose value is a number of items or characters; None when it is not there."""
    found = s.get(keyword)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _MAX_ITEMS:
        raise bad_schema(
            say('"{keyword}" must be a whole number up to {most}.', keyword=keyword, most=whole(_MAX_ITEMS))
        )
    return found


def bound_of(s: Mapping[str, Any], keyword: str, exclusive: str, step: int, hint: str) -> int | None:
    """A limit for numbers, whichever of its two keywords is used; `step` leads from the exclusive one to the first inside."""
    found = [s[k] + offset for k, offset in ((keyword, 0), (exclusive, step)) if isinstance(s.get(k), int)]
    if len(found) != len({keyword, exclusive} & s.keys()) or any(isinstance(v, bool) for v in s.values() if v in found):
        raise bad_schema(say('"{keyword}" must be a whole number (in "{place}").', keyword=keyword, place=hint))
    return (max(found) if step > 0 else min(found)) if found else None
