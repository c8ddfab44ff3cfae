"""The bar above the downloads while nothing can come: the server is away, or offline mode is on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.errors import NextStep, StepAction
from launcher.core.units import duration
from launcher.core.words import joined
from launcher.ui.components import Banner, BannerKind

MIRROR, PROXY = "mirror", "proxy"
"""Arguments of NETWORK_SETTINGS: which part of the network's settings is meant."""


class NetworkBar(QWidget):
    """Hidden while all is well.

    Signals:
        step_chosen(NextStep): RETRY, NETWORK_SETTINGS or GO_ONLINE.
    """

    step_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._banner = Banner(self)
        self._banner.step_chosen.connect(self.step_chosen)
        column.addWidget(self._banner)
        self._shown: tuple[str, str] | None = None
        self.hide()

    def show_waiting(self, host: str, reason: str, retry_in_s: float, n_installed: int) -> None:
        """Nothing comes: the server is away, or asks to wait; "" as the reason means that it cannot be reached."""
        what = reason.rstrip(".。") or self.tr("No connection to {host}").format(host=host)
        why = joined(
            self._what_works(n_installed),
            self.tr("Downloads wait and go on by themselves."),
            self.tr("Next try in {time}.").format(time=duration(max(1.0, retry_in_s))),
        )
        steps = (
            NextStep(self.tr("Try now"), StepAction.RETRY),
            NextStep(self.tr("Use a mirror…"), StepAction.NETWORK_SETTINGS, MIRROR),
            NextStep(self.tr("Check proxy"), StepAction.NETWORK_SETTINGS, PROXY),
        )
        self._show(what, why, steps)

    def show_offline(self, n_installed: int) -> None:
        """Offline mode is on."""
        why = joined(
            self._what_works(n_installed),
            self.tr("Nothing goes to the network, so downloads wait until you go online."),
        )
        self._show(self.tr("Offline mode is on"), why, (NextStep(self.tr("Go online"), StepAction.GO_ONLINE),))

    def clear(self) -> None:
        """All is well again."""
        self._shown = None
        self.hide()

    def _what_works(self, n_installed: int) -> str:
        if n_installed == 0:
            return ""
        if n_installed == 1:
            return self.tr("Chats and the installed model work as always.")
        return self.tr("Chats and the {n} installed models work as always.").format(n=n_installed)

    def _show(self, what: str, why: str, steps: tuple[NextStep, ...]) -> None:
        if self._shown != (what, why):
            self._shown = (what, why)
            self._banner.show_message(BannerKind.OFFLINE, what, why, steps)
        self.show()
