"""Patterns of tensor names, as overrides use them: which are refused before anybody compiles them.

llama.cpp compiles them as C++ ECMAScript expressions, the planner as Python's: the same for what tensor names need. Both try
some patterns for longer than anybody waits, and C++ follows deep ones into the end of its stack.
"""

from __future__ import annotations

from launcher.core.units import whole
from launcher.core.words import say

CPU = "CPU"
"""The device of an override that stands for the RAM."""

_LONGEST = 1000
_DEEPEST = 20  # C++ compiles and matches groups by recursion


def why_refused(pattern: str) -> str:
    """What is sure to be a mistake, or would be followed into the end of the stack or of time; "" where nothing is."""
    if not pattern or "\0" in pattern:
        return say("It has a zero character.") if pattern else say("It is empty.")
    if len(pattern) > _LONGEST:
        n, most = whole(len(pattern)), whole(_LONGEST)
        return say("It has {n} characters; {most} are allowed.", n=n, most=most)
    try:
        depth, is_nested = _groups(pattern)
    except ValueError as error:
        return str(error.args[0])
    if depth > _DEEPEST:
        return say("Its groups are nested {n} deep; {most} are allowed.", n=depth, most=_DEEPEST)
    if is_nested:
        return say("It repeats a group that has a repetition in it, which may be tried forever.")
    return ""


def _groups(pattern: str) -> tuple[int, bool]:
    """How deep groups are nested, and whether one with a repetition in it is repeated.

    Raises:
        ValueError: brackets do not match; says which.
    """
    stack: list[bool] = []  # of every open group: whether it holds a repetition
    depth, is_nested, i = 0, False, 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            i += 2
            continue
        if char == "[":
            i = _end_of_class(pattern, i)
        elif char == "(":
            stack.append(False)
            depth = max(depth, len(stack))
        elif char == ")":
            if not stack:
                raise ValueError(say("A ')' closes nothing."))
            holds = stack.pop()
            is_repeated = pattern[i + 1 : i + 2] in ("*", "+", "{")
            is_nested |= holds and is_repeated
            if stack:
                stack[-1] |= holds or is_repeated
        elif char in "*+{" and stack:
            stack[-1] = True
        i += 1
    if stack:
        raise ValueError(say("A '(' is not closed."))
    return depth, is_nested


def _end_of_class(pattern: str, start: int) -> int:
    """Index of the ']' that ends a character class.

    Raises:
        ValueError: there is none.
    """
    i = start + 1
    while i < len(pattern):
        if pattern[i] == "\\":
            i += 2
            continue
        if pattern[i] == "[" and pattern[i + 1 : i + 2] in (":", ".", "="):
            i = max(i, pattern.find("]", i + 1))
        elif pattern[i] == "]":
            return i
        i += 1
    raise ValueError(say("A '[' is not closed."))
