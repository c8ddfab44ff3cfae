"""Small values of the chat page."""

from __future__ import annotations

from enum import Enum

from launcher.ui.theme import Tone


class ModelState(Enum):
    """What the chosen model is doing; the value is the tone of its dot."""

    NONE = (Tone.MUTED, "none")
    UNLOADED = (Tone.MUTED, "unloaded")
    LOADING = (Tone.WARN, "loading")
    READY = (Tone.GOOD, "ready")
    ANSWERING = (Tone.GOOD, "answering")
    STOPPED = (Tone.BAD, "stopped")

    @property
    def tone(self) -> Tone:
        """Colour of the dot; a word stands beside it in the tool tip and the accessible name."""
        return self.value[0]


class ThinkingMode(Enum):
    """The thinking switch: free, or locked by what the model can do."""

    SWITCH = "switch"
    ALWAYS = "always"
    NEVER = "never"
