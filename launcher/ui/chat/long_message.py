"""How much of a long message of the user is shown while it is folded: a pasted log must not bury the conversation."""

from __future__ import annotations

# Longer than either is folded; what is folded is much shorter than that, so that folding is worth a press.
MOST_LINES, MOST_CHARS = 24, 3000
SHOWN_LINES, SHOWN_CHARS = 8, 800


def folded_part(text: str) -> str:
    """The beginning of a long text, without the line break it may end at; "" for a text that is shown whole."""
    text = text.rstrip()
    if len(text) <= MOST_CHARS and text.count("\n") < MOST_LINES:
        return ""
    end = 0
    for _ in range(SHOWN_LINES):
        end = text.find("\n", end) + 1
        if not 0 < end <= SHOWN_CHARS + 1:
            break
    else:
        return text[: end - 1].rstrip()
    # A line that goes on and on is cut between words, where it has some.
    word = text.rfind(" ", SHOWN_CHARS // 2, SHOWN_CHARS)
    return text[: word if word > 0 else SHOWN_CHARS].rstrip()
