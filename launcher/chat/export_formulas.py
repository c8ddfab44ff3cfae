"""Formulas of an exported chat: as drawings that need no font, or as their source where they cannot be drawn."""

from __future__ import annotations

import re
from html import escape

from launcher.chat.formulas import Formula, FormulaError, typeset

# The colour is written into the drawing; this one stands for "as the text around it".
_COLOUR = "#010203"
_SIZE_PX = 16.0
# Formulas in STIX look small beside a UI font of the same size.
_SCALE = 1.15
_MOST_FORMULAS = 4000
_DIMENSIONS = re.compile(rb' (?:width|height)="[^"]*"')


class Formulas:
    """Sets each formula of a document once. For a worker thread or a process of its own: 4 to 60 ms for each."""

    def __init__(self, most: int = _MOST_FORMULAS) -> None:
        """Draw at most `most` different formulas; further ones are shown as their source."""
        self._most = most
        self._known: dict[tuple[str, bool], Formula | None] = {}

    def drawn(self, tex: str, is_display: bool, colour: str = _COLOUR) -> Formula | None:
        """The drawing at 16 px text; None: show the source."""
        key = (tex, is_display)
        if key not in self._known:
            if len(self._known) >= self._most:
                return None
            try:
                self._known[key] = typeset(tex, _SIZE_PX * _SCALE, colour, is_display)
            except FormulaError:
                self._known[key] = None
        return self._known[key]

    def html(self, tex: str, source: str, is_display: bool) -> str:
        """Markup for a page of its own: inline SVG in the colour of the text, sizes in em, the source for screen readers."""
        formula = self.drawn(tex, is_display)
        if formula is None:
            return f'<code class="formula">{escape(source)}</code>'
        svg = formula.svg.replace(_COLOUR.encode(), b"currentColor")
        svg = _DIMENSIONS.sub(b"", svg, count=2)
        style = (
            f"width:{formula.width / _SIZE_PX:.3f}em;height:{formula.height / _SIZE_PX:.3f}em;"
            f"vertical-align:{(formula.ascent - formula.height) / _SIZE_PX:.3f}em"
        )
        label = escape(tex, quote=True)
        drawing = svg.decode().replace("<svg ", f'<svg role="img" aria-label="{label}" style="{style}" ', 1)
        return f'<span class="{"display" if is_display else "inline"}">{drawing}</span>'
