"""From a JSON schema to a grammar (GBNF) of exactly the JSON texts that satisfy it, or to a reason why not.

Not the binding's converter: that one writes strings that may hold raw line breaks, resolves two references of one last name
to the same rule, and drops what it does not know without a word. Here a keyword that cannot be kept is refused by name;
annotations ("title", "description", an unknown "format", ...) mean nothing for an answer and are passed over.
Properties come in the schema's order, and others than the named ones only where `additionalProperties` allows them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.worker.schema_parts import (
    ANNOTATIONS,
    KNOWN,
    OF_ANY_TYPE,
    TYPES,
    bad_schema,
    bound_of,
    count_of,
    kinds,
    list_of,
    merged,
    only,
    without,
)
from launcher.engine.worker.schema_text import (
    CHARACTER,
    DATES,
    integer_between,
    literal,
    names_except,
    pattern_to_gbnf,
    text_between,
)

_MAX_CHARACTERS = 256 * 1024
_MAX_DEPTH = 40
_MAX_RULES = 5000

_PRIMITIVES = {
    "space": '| " " | "\\n" [ \\t]{0,20}',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "whole": '"0" | [1-9] [0-9]{0,15}',
    "fraction": '("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "integer": '"-"? whole',
    "number": '"-"? whole fraction',
    "character": CHARACTER,
    "string": '"\\"" character* "\\""',
    "object": '"{" space ( string space ":" space value ( space "," space string space ":" space value )* space )? "}"',
    "array": '"[" space ( value ( space "," space value )* space )? "]"',
    "value": "object | array | string | number | boolean | null",
}


def schema_to_gbnf(text: str) -> str:
    """The grammar of a schema.

    Args:
        text: JSON; an empty object allows any JSON value.

    Raises:
        UserError: "bad_schema": not JSON, no schema, or one that an answer cannot be held to.
    """
    if len(text) > _MAX_CHARACTERS:
        raise bad_schema(
            say("It has {count} characters; {most} are the most.", count=whole(len(text)), most=whole(_MAX_CHARACTERS))
        )
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise bad_schema(not_json_words(error)) from None
    except ValueError as error:  # a number of too many digits
        raise bad_schema(say("It is not JSON: {reason}.", reason=error)) from None
    except RecursionError:
        raise bad_schema(_too_deep()) from None
    return _Converter(schema).grammar()


def not_json_words(error: json.JSONDecodeError) -> str:
    """Where a text stops being JSON, and why."""
    reasons = {
        "Expecting value": say("a value is missing"),
        "Expecting property name enclosed in double quotes": say("a name in double quotes is missing"),
        "Illegal trailing comma before end of object": say("a comma stands before the end of an object"),
        "Illegal trailing comma before end of array": say("a comma stands before the end of a list"),
        "Expecting ':' delimiter": say("a colon is missing"),
        "Expecting ',' delimiter": say("a comma or the end of the object or list is missing"),
        "Unterminated string starting at": say("a text that begins here has no end"),
        "Invalid control character at": say("a text holds a line break or another control character"),
        "Invalid \\escape": say("a backslash is followed by something it cannot stand before"),
        "Invalid \\uXXXX escape": say("\\u is not followed by four digits"),
        "Extra data": say("something follows after its end"),
    }
    reason = reasons.get(error.msg.removesuffix(": "), error.msg)
    return say(
        "It is not JSON: line {line}, column {column}: {reason}.", line=error.lineno, column=error.colno, reason=reason
    )


def _too_deep() -> str:
    return say("It is nested more than {depth} deep.", depth=_MAX_DEPTH)


class _Converter:
    """Collects rules; each schema becomes the name of one."""

    def __init__(self, schema: object) -> None:
        self._schema = schema
        self._rules: dict[str, str] = {"space": _PRIMITIVES["space"]}
        self._references: dict[str, str] = {}

    def grammar(self) -> str:
        """All of it as text."""
        top = self._visit(self._schema, "top", 0)
        return "\n".join(f"{name} ::= {rule}" for name, rule in {"root": top, **self._rules}.items())

    # --- rules --------------------------------------------------------------------------------------------------------

    def _new(self, hint: str) -> str:
        if len(self._rules) >= _MAX_RULES:
            raise bad_schema(say("It needs more than {most} rules.", most=whole(_MAX_RULES)))
        name = base = re.sub(r"[^A-Za-z0-9-]+", "-", hint)[:40] + "-"
        number = 1
        while (name := f"{base}{number}") in self._rules:
            number += 1
        self._rules[name] = ""
        return name

    def _rule(self, hint: str, text: str) -> str:
        name = self._new(hint)
        self._rules[name] = text
        return name

    def _primitive(self, name: str) -> str:
        """One of _PRIMITIVES with all that it uses."""
        if name not in self._rules:
            self._rules[name] = _PRIMITIVES[name]
            for used in re.findall(r"[a-z]+", re.sub(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]', "", _PRIMITIVES[name])):
                self._primitive(used)
        return name

    # --- schemas ------------------------------------------------------------------------------------------------------

    def _visit(self, schema: object, hint: str, depth: int) -> str:
        """The name of the rule for a schema."""
        if depth > _MAX_DEPTH:
            raise bad_schema(_too_deep())
        if schema is True:
            return self._primitive("value")
        if not isinstance(schema, dict):
            raise bad_schema(
                say(
                    'A schema is an object or true, and "{place}" is {value}.',
                    place=hint,
                    value=json.dumps(schema)[:60],
                )
            )
        s = cast("dict[str, Any]", schema)
        self._check_keywords(s, hint)
        if "$ref" in s:
            return self._reference(s["$ref"], depth)
        if "const" in s:
            return self._rule(hint, _constant(s["const"]))
        if "enum" in s:
            return self._rule(hint, " | ".join(map(_constant, list_of(s, "enum"))))
        for union in ("anyOf", "oneOf"):
            if union in s:
                return self._union([merged([without(s, union), part]) for part in list_of(s, union)], hint, depth)
        if "allOf" in s:
            parts = [without(s, "allOf"), *(self._resolved(part) for part in list_of(s, "allOf"))]
            return self._visit(merged(parts), hint, depth + 1)
        allowed = kinds(s)
        if len(allowed) > 1:
            return self._union([{**only(s, kind), "type": kind} for kind in allowed], hint, depth)
        return self._of_type(allowed[0], s, hint, depth) if allowed else self._primitive("value")

    def _check_keywords(self, s: Mapping[str, Any], hint: str) -> None:
        allowed = ANNOTATIONS | OF_ANY_TYPE
        for kind in kinds(s) or TYPES:
            allowed = allowed | KNOWN[kind]
        for keyword in s.keys() - allowed:
            raise bad_schema(
                say('An answer cannot be held to "{keyword}" (in "{place}").', keyword=keyword[:80], place=hint)
            )

    def _union(self, parts: Sequence[object], hint: str, depth: int) -> str:
        return self._rule(hint, " | ".join(self._visit(part, hint, depth + 1) for part in parts))

    def _reference(self, reference: object, depth: int) -> str:
        target = self._target(reference)
        key = str(reference)
        if key not in self._references:
            name = self._references[key] = self._new(key.split("/")[-1])
            self._rules[name] = self._visit(target, key.split("/")[-1], depth + 1)
        return self._references[key]

    def _resolved(self, schema: object) -> object:
        """The schema that a bare reference stands for."""
        for _ in range(_MAX_DEPTH):
            if not (isinstance(schema, dict) and "$ref" in schema):
                return cast("object", schema)
            schema = self._target(cast("dict[str, Any]", schema)["$ref"])
        raise bad_schema(say("A reference leads back to itself."))

    def _target(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise bad_schema(
                say(
                    "Only references within the schema (#/...) can be followed, not {reference}.",
                    reference=str(reference)[:80],
                )
            )
        target: Any = self._schema
        for part in reference[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and key.isdecimal() and int(key) < len(cast("list[object]", target)):
                target = cast("list[Any]", target)[int(key)]
            elif isinstance(target, dict) and key in target:
                target = cast("dict[str, Any]", target)[key]
            else:
                raise bad_schema(say("{reference} is not in the schema.", reference=reference[:80]))
        return target

    # --- types --------------------------------------------------------------------------------------------------------

    def _of_type(self, kind: str, s: Mapping[str, Any], hint: str, depth: int) -> str:
        if kind == "object":
            return self._object(s, hint, depth)
        if kind == "array":
            return self._array(s, hint, depth)
        if kind == "string":
            return self._string(s, hint)
        if kind in ("integer", "number"):
            return self._number(kind, s, hint)
        return self._primitive(kind)

    def _object(self, s: Mapping[str, Any], hint: str, depth: int) -> str:
        """Pairs in order; for each place one rule for "something came before" (a comma is due) and one for "nothing yet"."""
        properties = cast("dict[str, Any]", s.get("properties") or {})
        required = set(list_of(s, "required")) if s.get("required") else set[Any]()
        missing = required - properties.keys()
        others = s.get("additionalProperties", not properties and not required)
        if missing:
            properties = {**properties, **dict.fromkeys(sorted(map(str, missing)), True)}
        self._primitive("space")
        after, first = self._other_pairs(others, list(properties), hint, depth)
        for name, schema in reversed(properties.items()):
            value = self._visit(schema, name, depth + 1)
            pair = f'{_constant(name)} space ":" space {value}'
            if name in required:
                first = self._rule(hint, f"{pair} {after}")
                after = self._rule(hint, f'space "," space {pair} {after}')
            else:
                first = self._rule(hint, f"{pair} {after} | {first}")
                after = self._rule(hint, f'( space "," space {pair} )? {after}')
        return self._rule(hint, f'"{{" space {first} space "}}"')

    def _other_pairs(self, others: object, names: Sequence[str], hint: str, depth: int) -> tuple[str, str]:
        """What may stand after the named pairs: (after another pair, as the first)."""
        if others is False:
            nothing = self._rule(hint, '""')
            return nothing, nothing
        value = self._visit({} if others is True else others, hint, depth + 1)
        self._primitive("character")
        pair = self._rule(hint, f'{names_except(names)} space ":" space {value}')
        after = self._rule(hint, f'( space "," space {pair} )*')
        return after, self._rule(hint, f"( {pair} {after} )?")

    def _array(self, s: Mapping[str, Any], hint: str, depth: int) -> str:
        least, most = count_of(s, "minItems") or 0, count_of(s, "maxItems")
        fixed = list_of(s, "prefixItems") if "prefixItems" in s else []
        if isinstance(s.get("items"), list):  # before draft 2020-12
            fixed, rest = s["items"], False
        else:
            rest = s.get("items", True)
        if most is not None and most < least:
            raise bad_schema(
                say('"{most}" is less than "{least}" (in "{place}").', most="maxItems", least="minItems", place=hint)
            )
        self._primitive("space")
        items = [self._visit(item, hint, depth + 1) for item in fixed[:most]]
        text = ' space "," space '.join(items)
        if len(items) < len(fixed) or rest is False:
            return self._rule(hint, f'"[" space {text} space "]"')
        item = self._visit(rest, hint, depth + 1)
        least, most = max(0, least - len(items)), None if most is None else most - len(items)
        another = f'( space "," space {item} )'
        if items:
            return self._rule(hint, f'"[" space {text} {_repeat(another, least, most)} space "]"')
        if most == 0:
            return self._rule(hint, '"[" space "]"')
        more = _repeat(another, max(0, least - 1), None if most is None else most - 1)
        return self._rule(
            hint, f'"[" space {item} {more} space "]"' if least else f'"[" space ( {item} {more} space )? "]"'
        )

    def _string(self, s: Mapping[str, Any], hint: str) -> str:
        least, most = count_of(s, "minLength") or 0, count_of(s, "maxLength")
        self._primitive("character")
        if "pattern" in s:
            if least or most is not None:
                raise bad_schema(say('"pattern" and a length together cannot be kept (in "{place}").', place=hint))
            return self._rule(hint, pattern_to_gbnf(str(s["pattern"]), hint))
        if s.get("format") in DATES:
            return self._rule(hint, f'"\\"" {DATES[s["format"]]} "\\""')
        if not least and most is None:
            return self._primitive("string")
        return self._rule(hint, text_between(least, most, hint))

    def _number(self, kind: str, s: Mapping[str, Any], hint: str) -> str:
        least = bound_of(s, "minimum", "exclusiveMinimum", 1, hint)
        most = bound_of(s, "maximum", "exclusiveMaximum", -1, hint)
        if least is None and most is None:
            return self._primitive(kind)
        if kind == "integer":
            return self._rule(hint, integer_between(least, most, hint))
        if least != 0 or "exclusiveMinimum" in s:
            raise bad_schema(
                say('For a number that is no integer only "minimum": 0 can be kept (in "{place}").', place=hint)
            )
        self._primitive("number")
        return self._rule(hint, "whole fraction")


def _constant(value: object) -> str:
    return literal(json.dumps(value, ensure_ascii=False))


def _repeat(item: str, least: int, most: int | None) -> str:
    if most is None:
        return f"{item}*" if not least else f"{item}{{{least},}}"
    return f"{item}{{{least},{most}}}" if most else '""'
