"""The strings and numbers of a JSON schema as grammar: literals, lengths, patterns, ranges of integers."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from typing import Any, cast

from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.worker.schema_parts import bad_schema

# Python's own reader of regular expressions: private, and the same since Python 3.11.
_parser: Any = importlib.import_module("re._parser")

_ESCAPE = '"\\\\" ( ["\\\\/bfnrt] | "u" [0-9a-fA-F]{4} )'
CHARACTER = f'[^"\\\\\\x00-\\x1F\\x7F] | {_ESCAPE}'
"""One character of a JSON string (RFC 8259, section 7)."""

_TIME = '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9] ":" [0-5] [0-9]'
_ZONE = '( "Z" | [-+] ( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9] )'
_DATE = '[0-9]{4} "-" ( "0" [1-9] | "1" [0-2] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
DATES = {
    "date": _DATE,
    "time": f'{_TIME} ( "." [0-9]{{1,6}} )? {_ZONE}',
    "date-time": f'{_DATE} "T" {_TIME} ( "." [0-9]{{1,6}} )? {_ZONE}',
    "uuid": '[0-9a-fA-F]{8} ( "-" [0-9a-fA-F]{4} ){3} "-" [0-9a-fA-F]{12}',
}
"""Formats that are kept; all others are annotations."""

_MAX_PATTERN = 2000
_MAX_REPEATS = 1000
_MAX_DIGITS = 15
# Sets of characters as ranges; what JSON would have to escape is left out.
_WORD, _DIGIT, _SPACE = [(48, 57), (65, 90), (95, 95), (97, 122)], [(48, 57)], [(32, 32)]
_ALL = [(0x20, 0x21), (0x23, 0x5B), (0x5D, 0x7E), (0xA0, 0xD7FF), (0xE000, 0x10FFFF)]
Ranges = list[tuple[int, int]]


def literal(text: str) -> str:
    """A text as GBNF."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c) for c in text.replace("\0", "")) + '"'


def text_between(least: int, most: int | None, hint: str) -> str:
    """A string of so many characters."""
    if most is not None and most < least:
        raise bad_schema(
            say('"{most}" is less than "{least}" (in "{place}").', most="maxLength", least="minLength", place=hint)
        )
    return f'"\\"" character{{{least},{"" if most is None else most}}} "\\""'


def names_except(names: Sequence[str]) -> str:
    """A JSON string that is none of these (letter by letter: what they begin with, then another letter or an end too soon).

    An escape is only allowed after the first letter that is different.
    """
    if not names:
        return '"\\"" character* "\\""'
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for letter in name:
            node = node.setdefault(letter, {})
        node[""] = True

    def rest(node: dict[str, Any], depth: int) -> str:
        letters = [c for c in node if c]
        others = _as_set(_minus(_ALL, [(ord(c), ord(c)) for c in letters]))
        ways = [f"{others} character*"]
        if depth < _MAX_PATTERN // 40:
            ways += [f"{literal(c)} {rest(node[c], depth + 1)}" for c in letters if c not in '"\\' and ord(c) >= 0x20]
        text = f"( {' | '.join(ways)} )"
        return text if "" in node else f"{text}?"

    return f'"\\"" {rest(tree, 0)} "\\""'


def integer_between(least: int | None, most: int | None, hint: str) -> str:
    """The whole numbers of a range, digit by digit."""
    if least is not None and most is not None and least > most:
        raise bad_schema(
            say('"{most}" is less than "{least}" (in "{place}").', most="maximum", least="minimum", place=hint)
        )
    limit = 10**_MAX_DIGITS - 1
    low, high = max(-limit, -limit if least is None else least), min(limit, limit if most is None else most)
    if low > high:
        raise bad_schema(
            say(
                'Only numbers of up to {count} digits can be kept in a range (in "{place}").',
                count=_MAX_DIGITS,
                place=hint,
            )
        )
    ways = [f'"-" ( {_digits(max(1, -high), -low)} )'] if low < 0 else []
    if high >= 0:
        ways.append(_digits(max(0, low), high))
    return " | ".join(ways)


def _digits(low: int, high: int) -> str:
    """0 <= low <= high, without leading zeros."""
    ways: list[str] = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first, last = max(low, 10 ** (length - 1) if length > 1 else 0), min(high, 10**length - 1)
        ways.append(_same_length(str(first), str(last)))
    return " | ".join(ways)


def _same_length(low: str, high: str) -> str:
    """Numbers of one length, from low to high."""
    if not low:
        return '""'
    first, last = low[0], high[0]
    rest = len(low) - 1
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return f"[{first}-{last}]" + (f" [0-9]{{{rest}}}" if rest else "")
    if first == last:
        return f'"{first}" ( {_same_length(low[1:], high[1:])} )'
    ways = [f'"{first}" ( {_same_length(low[1:], "9" * rest)} )', f'"{last}" ( {_same_length("0" * rest, high[1:])} )']
    if int(last) - int(first) > 1:
        ways.append(f"[{int(first) + 1}-{int(last) - 1}] [0-9]{{{rest}}}")
    return " | ".join(ways)


def pattern_to_gbnf(pattern: str, hint: str) -> str:
    """A regular expression (of ECMA's dialect, as far as Python reads it the same way) as a JSON string.

    Raises:
        UserError: "bad_schema": it is none, or asks for what a grammar cannot do (looking around, back references).
    """
    if len(pattern) > _MAX_PATTERN:
        raise bad_schema(
            say('A pattern has more than {most} characters (in "{place}").', most=whole(_MAX_PATTERN), place=hint)
        )
    try:
        tree: list[Any] = list(_parser.parse(pattern))
        begins, ends = _takes_anchor(tree, 0, "AT_BEGINNING"), _takes_anchor(tree, -1, "AT_END")
        body = _sequence(tree)
    except (re.error, OverflowError, RecursionError) as error:
        raise bad_schema(
            say(
                'The pattern {pattern} cannot be kept: {reason} (in "{place}").',
                pattern=pattern[:80],
                reason=error,
                place=hint,
            )
        ) from None
    any_text = f"{_as_set(_ALL)}*"
    return f'"\\"" {"" if begins else any_text} {body} {"" if ends else any_text} "\\""'


def _takes_anchor(tree: list[Any], place: int, name: str) -> bool:
    """Whether ^ or $ stands there; it is taken out."""
    if tree and str(tree[place][0]) == "AT" and str(tree[place][1]).startswith(name):
        tree.pop(place)
        return True
    return False


def _sequence(tree: Sequence[Any]) -> str:
    return " ".join(_node(str(code), value) for code, value in tree) or '""'


def _node(code: str, value: Any) -> str:
    if code == "LITERAL":
        return _character(value)
    if code == "NOT_LITERAL":
        return _as_set(_minus(_ALL, [(value, value)]))
    if code == "ANY":
        return _as_set(_ALL)
    if code == "IN":
        return _as_set(_in(value))
    if code == "BRANCH":
        return "( " + " | ".join(_sequence(list(part)) for part in value[1]) + " )"
    if code == "SUBPATTERN":
        return f"( {_sequence(list(value[3]))} )"
    if code in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, part = value
        most = None if most == _parser.MAXREPEAT else int(most)
        if max(least, most or 0) > _MAX_REPEATS:
            raise re.error(f"more than {_MAX_REPEATS:,} repetitions")
        return f"( {_sequence(list(part))} ){{{least},{'' if most is None else most}}}"
    raise re.error(f"{code.lower().replace('_', ' ')} is not supported")


def _character(code: int) -> str:
    """One character as it stands in JSON."""
    text = chr(code)
    return literal(f"\\{text}" if text in '"\\' else text) if code >= 0x20 else literal(f"\\u{code:04x}")


def _in(parts: Sequence[Any]) -> Ranges:
    found: Ranges = []
    is_negated = False
    for code, value in parts:
        match str(code):
            case "NEGATE":
                is_negated = True
            case "LITERAL":
                found.append((value, value))
            case "RANGE":
                found.append(cast("tuple[int, int]", value))
            case "CATEGORY":
                found += _category(str(value))
            case other:
                raise re.error(f"{other.lower()} is not supported")
    return _minus(_ALL, found) if is_negated else _minus(_ALL, _minus(_ALL, found))


def _category(name: str) -> Ranges:
    kinds = {"DIGIT": _DIGIT, "WORD": _WORD, "SPACE": _SPACE}
    kind = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    if kind not in kinds:
        raise re.error(f"{name.lower()} is not supported")
    return _minus(_ALL, kinds[kind]) if "_NOT_" in name else kinds[kind]


def _minus(ranges: Ranges, taken: Ranges) -> Ranges:
    left = ranges
    for low, high in taken:
        left = [
            (a, b)
            for first, last in left
            for a, b in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if a <= b and not (high < first or low > last)
        ] + [(first, last) for first, last in left if high < first or low > last]
    return sorted(left)


def _as_set(ranges: Ranges) -> str:
    if not ranges:
        raise re.error("a set of characters that a JSON string can hold is empty")

    def one(code: int) -> str:
        return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"

    return "[" + "".join(one(a) if a == b else f"{one(a)}-{one(b)}" for a, b in ranges) + "]"
