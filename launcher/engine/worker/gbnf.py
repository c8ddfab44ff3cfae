"""Grammars before llama.cpp sees them: read as its parser reads them, and refused with a reason where that would go wrong.

llama.cpp recurses for every bracket, walks every path of nested empty rules, and aborts the process for a rule that never
gets to a character: a grammar is text from anywhere and must not end the worker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from launcher.core.errors import UserError

_MAX_CHARACTERS = 512 * 1024
_MAX_DEPTH = 100
_MAX_RULES = 20_000
_MAX_REPEATS = 2000  # llama.cpp's MAX_REPETITION_THRESHOLD

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+ | \#[^\n]*)
  | (?P<newline>\n)
  | (?P<define>[A-Za-z0-9-]+[ \t]*::=)
  | (?P<name>[A-Za-z0-9-]+)
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<range>\[(?:[^\]\\]|\\.)*\] | \. | !?<\[?[^>\n]+>)
  | (?P<repeat>[*+?] | \{\s*\d+\s*(?:,\s*\d*\s*)?\})
  | (?P<mark>[()|])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"""\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[tnr"\[\]\\])""")


def bad_grammar(why: str) -> UserError:
    """The grammar is refused."""
    return UserError("bad_grammar", "The grammar cannot be used.", why)


@dataclass
class _Item:
    """One place of a sequence: a rule's name, a bracket, or characters; `may_be_empty` on its own account."""

    name: str = ""
    group: list[list[_Item]] | None = None
    may_be_empty: bool = False


@dataclass
class _Rule:
    alternatives: list[list[_Item]] = field(default_factory=lambda: [[]])
    may_be_empty: bool = False


def check_gbnf(text: str) -> None:
    """Find what llama.cpp's parser would choke on.

    Raises:
        UserError: "bad_grammar", with the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise bad_grammar(f"It has {len(text):,} characters; {_MAX_CHARACTERS:,} are the most.")
    if "\0" in text:
        raise bad_grammar("It contains a zero byte.")
    rules = _Reader(text).read()
    if "root" not in rules:
        raise bad_grammar("It has no rule called root.")
    for name, rule in rules.items():
        for missing in _names(rule.alternatives) - rules.keys():
            raise bad_grammar(f"The rule {name} uses {missing}, which is not defined.")
    _mark_empty(rules)
    _refuse_loops(rules)


class _Reader:
    """Tokens to rules."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._rules: dict[str, _Rule] = {}
        self._open: list[list[list[_Item]]] = []  # alternatives of the rule, then of each open bracket

    def read(self) -> dict[str, _Rule]:
        """All rules by name."""
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._error("It cannot be read")
            kind = match.lastgroup or ""
            getattr(self, f"_take_{kind}")(match.group())
            self._at = match.end()
        if len(self._open) > 1:
            raise self._error("A bracket is not closed")
        return self._rules

    def _error(self, what: str) -> UserError:
        line = self._text.count("\n", 0, self._at) + 1
        rest = self._text[self._at : self._at + 30].split("\n")[0]
        return bad_grammar(f"{what} in line {line}, at: {rest or 'its end'}")

    def _take_blank(self, _: str) -> None: ...

    def _take_newline(self, _: str) -> None: ...

    def _take_define(self, text: str) -> None:
        if len(self._open) > 1:
            raise self._error("A bracket is not closed")
        if len(self._rules) >= _MAX_RULES:
            raise self._error(f"It has more than {_MAX_RULES:,} rules")
        rule = self._rules[text.rstrip(": \t=")] = _Rule()
        self._open = [rule.alternatives]

    def _take_name(self, text: str) -> None:
        self._add(_Item(name=text))

    def _take_text(self, text: str) -> None:
        self._check_escapes(text)
        self._add(_Item(may_be_empty=text == '""'))

    def _take_range(self, text: str) -> None:
        if text.startswith("["):
            self._check_escapes(text)
        self._add(_Item(may_be_empty=text in ("[]", "[^]")))

    def _take_repeat(self, text: str) -> None:
        if not self._open or not self._open[-1][-1]:
            raise self._error("Nothing stands before a repetition")
        numbers = [int(n[:6]) for n in re.findall(r"\d+", text)]
        if any(n > _MAX_REPEATS for n in numbers):
            raise self._error(f"More than {_MAX_REPEATS:,} repetitions")
        if len(numbers) == 2 and numbers[1] < numbers[0]:
            raise self._error("A repetition ends before it begins")
        item = self._open[-1][-1].pop()
        is_optional = text in ("*", "?") or bool(numbers and numbers[0] == 0)
        self._add(_Item(group=[[item]], may_be_empty=is_optional))

    def _take_mark(self, mark: str) -> None:
        if not self._open:
            raise self._error("Something stands before the first rule")
        if mark == "|":
            self._open[-1].append([])
        elif mark == "(":
            if len(self._open) > _MAX_DEPTH:
                raise self._error(f"More than {_MAX_DEPTH} brackets inside each other")
            group: list[list[_Item]] = [[]]
            self._add(_Item(group=group))
            self._open.append(group)
        elif len(self._open) < 2:
            raise self._error("A bracket is closed that was not opened")
        else:
            self._open.pop()

    def _add(self, item: _Item) -> None:
        if not self._open:
            raise self._error("Something stands before the first rule")
        self._open[-1][-1].append(item)

    def _check_escapes(self, text: str) -> None:
        if "\\" in _ESCAPE.sub("", text):
            raise self._error("An unknown escape")


def _names(alternatives: list[list[_Item]]) -> set[str]:
    found: set[str] = set()
    stack = [alternatives]
    while stack:
        for item in (i for sequence in stack.pop() for i in sequence):
            if item.name:
                found.add(item.name)
            if item.group:
                stack.append(item.group)
    return found


def _is_empty(item: _Item, rules: dict[str, _Rule]) -> bool:
    """Whether nothing at all may stand for it, as far as is known."""
    if item.may_be_empty:
        return True
    if item.name:
        return rules[item.name].may_be_empty
    return item.group is not None and any(all(_is_empty(i, rules) for i in sequence) for sequence in item.group)


def _mark_empty(rules: dict[str, _Rule]) -> None:
    changed = True
    while changed:
        changed = False
        for rule in rules.values():
            if not rule.may_be_empty and any(all(_is_empty(i, rules) for i in s) for s in rule.alternatives):
                rule.may_be_empty = changed = True


def _first_names(alternatives: list[list[_Item]], rules: dict[str, _Rule]) -> list[str]:
    """Rules that may stand at the very beginning; once for every way there."""
    found: list[str] = []
    for sequence in alternatives:
        for item in sequence:
            if item.name:
                found.append(item.name)
            if item.group:
                found += _first_names(item.group, rules)
            if not _is_empty(item, rules):
                break
    return found


def _refuse_loops(rules: dict[str, _Rule]) -> None:
    """No rule may come back to itself before a character, and the ways to find that out must be few: llama.cpp walks all."""
    edges = {name: _first_names(rule.alternatives, rules) for name, rule in rules.items()}
    ways: dict[str, int] = {}
    for start in edges:
        path = [(start, iter(edges[start]))] if start not in ways else []
        on_path = {start}
        while path:
            name, following = path[-1]
            after = next((n for n in following if n not in ways), None)
            if after is None:
                path.pop()
                on_path.discard(name)
                ways[name] = 1 + sum(ways[n] for n in edges[name])
                if ways[name] > _MAX_RULES:
                    raise bad_grammar(f"Too many rules that may be empty stand one after another, from {name} on.")
            elif after in on_path:
                raise bad_grammar(f"The rule {after} comes back to itself before any character (left recursion).")
            elif len(path) > _MAX_RULES // 10:
                raise bad_grammar(f"More than {_MAX_RULES // 10:,} rules lead into each other, from {start} on.")
            else:
                path.append((after, iter(edges[after])))
                on_path.add(after)
