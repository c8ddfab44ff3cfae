r"""LaTeX to SVG through ziamath, with guards: formulas come from a model and may be anything.

What the guards are for, all seen with ziamath 0.13: its time doubles per level of nesting (a fraction in a fraction,
twelve deep, takes 18 s); `\lVert` draws a bar 1,994 px tall; unknown commands are printed instead of refused; the
`<symbol>` elements of its SVG 2 output are ignored by QtSvg. A formula that a guard refuses is shown as its source.
"""

from __future__ import annotations

import re
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from types import FrameType
from typing import Any, cast

MAX_FORMULA_CHARS = 4000
MAX_NESTING = 8
MAX_SECONDS = 1.5
# Taller or wider than this many times the font size is a mistake of the typesetter or an attack.
_MAX_HEIGHT_EM = 60.0
_MAX_WIDTH_EM = 400.0
# Commands that ziamath prints as text or lays out wrong; their formulas are shown as source.
_UNSUPPORTED = re.compile(
    r"\\(?:hline|ce|pu|tag|label|ref|eqref|href|url|includegraphics|input|include|def|newcommand|renewcommand|let|require|"
    r"multicolumn|cline|tikz\w*|xymatrix)(?![a-zA-Z])"
)
_OPEN_GROUP = re.compile(r"\\(left|begin|right|end)(?![a-zA-Z])|\\\\|\\[{}]|[{}]")
# A command that takes the next thing as its argument nests without any brace: \frac\frac\frac.
_BARE_ARGUMENTS = re.compile(
    r"(?:\\(?:[dtc]?frac|d?binom|sqrt|over(?:line|brace)|under(?:line|brace)|hat|bar|vec|boxed)\s*){4,}"
)
_SCRIPT_CHAIN = re.compile(r"(?:[\^_]\s*){4,}")
_SHAPES = frozenset({"svg", "path", "rect", "line", "g", "polyline", "polygon", "ellipse"})
_FAR_EAST = re.compile(r"[\u2e80-\uffef]")
_REWRITES = (
    (re.compile(r"\\lVert(?![a-zA-Z])"), r"\\left\\lVert "),
    (re.compile(r"\\rVert(?![a-zA-Z])"), r"\\right\\rVert "),
    (re.compile(r"\\operatorname\*"), r"\\operatorname"),
    (re.compile(r"\\(?:nonumber|notag)(?![a-zA-Z])"), ""),
    # "split" comes out unaligned; "aligned" is the same thing.
    (re.compile(r"\\(begin|end)\{split\}"), r"\\\1{aligned}"),
    (re.compile(r"\\begin\{alignat\*?\}\s*\{\d+\}"), r"\\begin{aligned}"),
    (re.compile(r"\\end\{alignat\*?\}"), r"\\end{aligned}"),
)


class FormulaError(Exception):
    """This formula is better shown as its source."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula set for one font size, in pixels at 100 %.

    Attributes:
        svg: SVG 1.1 with paths only, no text and no references.
        ascent: height above the baseline; the rest of `height` hangs below.
    """

    svg: bytes
    width: float
    height: float
    ascent: float


def refusal(tex: str) -> str | None:
    """Why a formula is not even tried, or None."""
    if not tex.strip():
        return "empty"
    if len(tex) > MAX_FORMULA_CHARS:
        return "too long"
    if _UNSUPPORTED.search(tex):
        return "a command that cannot be drawn"
    if _FAR_EAST.search(tex):
        return "the formula font has no such characters"
    depth = nesting(tex)
    if depth > MAX_NESTING or _BARE_ARGUMENTS.search(tex) or _SCRIPT_CHAIN.search(tex):
        return "nested too deep"
    return None


def nesting(tex: str) -> int:
    r"""How deep braces, `\left` and `\begin` go; a missing or surplus end counts as too deep."""
    depth = deepest = 0
    for match in _OPEN_GROUP.finditer(tex):
        mark = match[1] or match[0]
        if mark in ("{", "left", "begin"):
            depth += 1
        elif mark in ("}", "right", "end"):
            depth -= 1
        if depth < 0:
            return MAX_NESTING + 1
        deepest = max(deepest, depth)
    return deepest if depth == 0 else MAX_NESTING + 1


def typeset(tex: str, size_px: float, colour: str, is_display: bool) -> Formula:
    """Set a formula. Slow (4 to 60 ms, the first one 300): for a worker thread.

    Args:
        tex: without its delimiters.
        size_px: font size of the text around it.
        colour: "#RRGGBB".
        is_display: large operators and limits, as on a line of its own.

    Raises:
        FormulaError: refused by a guard, not understood, out of proportion, or not done in 1.5 s of the processor.
    """
    why_not = refusal(tex)
    if why_not:
        raise FormulaError(why_not)
    for pattern, replacement in _REWRITES:
        tex = pattern.sub(replacement, tex)
    try:
        svg = _svg(tex, size_px, colour, is_display)
    except FormulaError:
        raise
    except Exception as error:
        raise FormulaError(f"{type(error).__name__}: {error}") from error
    return _measured(svg, size_px)


def _svg(tex: str, size_px: float, colour: str, is_display: bool) -> bytes:
    import ziamath

    cast("Any", ziamath).config.svg2 = False
    deadline = (
        time.thread_time() + MAX_SECONDS
    )  # of the processor: on a busy machine a formula is no worse than elsewhere

    def watch(_frame: FrameType, _event: str, _argument: object) -> None:
        if time.thread_time() > deadline:
            raise FormulaError("takes too long")

    previous = sys.getprofile()
    sys.setprofile(watch)  # of this thread only; called at every Python call, so that no formula can hang it
    try:
        latex = cast("Any", ziamath).Latex(tex, size=size_px, color=colour, inline=not is_display, margin=1)
        if "\\" in str(latex.mathmlstr()):
            raise FormulaError("an unknown command")  # it would be printed as if it were a name
        return str(latex.svg()).encode()
    finally:
        sys.setprofile(previous)


def _measured(svg: bytes, size_px: float) -> Formula:
    root = ET.fromstring(svg)  # noqa: S314 - see the import
    box = [float(v) for v in root.get("viewBox", "").split()]
    if len(box) != 4:
        raise FormulaError("no size")
    _left, top, width, height = box
    if not (0 < width <= _MAX_WIDTH_EM * size_px and 0 < height <= _MAX_HEIGHT_EM * size_px):
        raise FormulaError("out of proportion")
    # Only shapes may come: nothing in the drawing can name a file or an address.
    if any(element.tag.rpartition("}")[2] not in _SHAPES for element in root.iter()):
        raise FormulaError("not only shapes")
    return Formula(svg, width, height, ascent=-top)
