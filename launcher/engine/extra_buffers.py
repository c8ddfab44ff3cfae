"""Whether the processor's special weight layouts are what an engine died of: one run's side of engine/quirks.py."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.engine import quirks


class ExtraBuffers:
    """What one run finds out about them."""

    def __init__(self) -> None:
        self._build = ("", "")
        self._are_used = self._are_suspected = False

    def meet(self, processor: str, engine_version: str) -> bool:
        """This is the engine. Whether it is known to die of them."""
        self._build = processor, engine_version
        return quirks.crashes_with_extra_buffers(*self._build)

    def use(self, are_used: bool) -> None:
        """The load goes on with or without them."""
        self._are_used = are_used

    def worked(self) -> None:
        """The model is loaded. Where it died with them and works without, they were it: only now that is known."""
        if self._are_suspected:
            quirks.remember_crash_with_extra_buffers(*self._build)

    def died(self, signal: str | None, log: Sequence[str], *, is_loading: bool) -> bool:
        """It died by this signal. Whether it is worth another try without them."""
        if not self._are_used or signal not in ("SIGILL", "SIGABRT"):
            return False
        if is_loading:
            self._are_used, self._are_suspected = False, True
            return True
        if signal == "SIGILL" or quirks.speak_of_extra_buffers(log):
            quirks.remember_crash_with_extra_buffers(*self._build)
        return False
