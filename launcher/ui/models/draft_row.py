"""The plan editor's row for what guesses tokens: a small model, the file's own prediction layers, or nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.plans import Plan
from launcher.core.units import gb, rate, whole
from launcher.core.words import joined
from launcher.services.drafts import DraftChoice
from launcher.ui.components import ButtonSize, ComboBox, SecondaryButton, Text
from launcher.ui.models.levers import OWN_LAYERS
from launcher.ui.theme import Role, Tone, px

_HEIGHT, _GAP = 30, 6
# Speeds that differ by less are the same to a reader.
_SAME_SPEED = 0.98
_RESTING = (DownloadState.PAUSED, DownloadState.FAILED, DownloadState.DONE)


class DraftRow(QObject):
    """Name and list; under them what the draft takes and brings, and how to get it. Its owner lays the widgets out.

    Signals:
        chosen(str | None): as `Levers.draft`; by the user.
        download_requested(DraftChoice): the chosen one is not here.
    """

    chosen = Signal(object)
    download_requested = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        title = self.tr("Draft model")
        self.name = Text(title, Role.SMALL, parent=parent)
        self.box = ComboBox(title, parent, height=_HEIGHT)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hint = Text("", Role.SMALL, Tone.MUTED, parent, wrap=True)
        self.fetch = SecondaryButton("", parent, size=ButtonSize.SMALL, icon="arrow-down-to-line")
        self._choices: tuple[DraftChoice, ...] = ()
        self._is_mixture = False
        self._chosen: str | None = None
        self._price = ""
        self._downloads: dict[str, DownloadProgress] = {}
        self.box.activated.connect(self._on_activated)
        self.fetch.clicked.connect(self._on_fetch_clicked)
        self.hint.hide()
        self.fetch.hide()

    def set_choices(self, choices: tuple[DraftChoice, ...], *, has_own_layers: bool, is_mixture: bool) -> None:
        """What can draft for the model shown; where nothing can, the row is hidden.

        Args:
            choices: smaller models.
            has_own_layers: its file has layers that predict more than the next token.
            is_mixture: it is a mixture of experts.
        """
        self._choices, self._is_mixture, self._chosen, self._price = choices, is_mixture, None, ""
        self.box.clear()
        self.box.addItem(self.tr("none"), None)
        if has_own_layers:
            self.box.addItem(self.tr("its own prediction layers (MTP)"), OWN_LAYERS)
        for choice in choices:
            words = f"{choice.name} {choice.quant}"
            if not choice.path:
                words = self.tr("{name}, not installed").format(name=words)
            self.box.addItem(words, choice.model)
        is_shown = self.box.count() > 1
        self.name.setVisible(is_shown)
        self.box.setVisible(is_shown)

    def show_plan(self, plan: Plan, chosen: str | None, undrafted: Plan | None) -> None:
        """What the draft takes in this plan, and what that does to it.

        Args:
            plan: with the draft, or an older one while a newer is being made.
            chosen: as `Levers.draft`.
            undrafted: the same plan without a draft; None while it is not known: the last sentence stays.
        """
        if chosen != self._chosen:
            self._chosen, self._price = chosen, ""
        if undrafted is not None:
            self._price = self._price_words(plan, undrafted)
        at = self.box.findData(chosen) if chosen else 0
        self.box.setCurrentIndex(at)
        self.box.setToolTip(self.box.currentText() if at else "")
        self.hint.set_text(self._hint_words(plan) if at else "")
        self.hint.setVisible(at > 0)
        self.box.setAccessibleDescription(self.hint.text())
        self._show_fetch()

    def show_progress(self, progress: DownloadProgress) -> None:
        """How far a download is."""
        self._downloads[progress.key] = progress
        choice = self._choice()
        if choice is not None and choice.download_key == progress.key:
            self._show_fetch()

    def _show_fetch(self) -> None:
        choice = self._choice()
        is_missing = choice is not None and not choice.path
        self.fetch.setVisible(is_missing)
        self.hint.setContentsMargins(0, px(_GAP), 0, px(_GAP) if is_missing else 0)
        if choice is None or not is_missing:
            return
        progress = self._downloads.get(choice.download_key)
        is_busy = progress is not None and progress.state not in _RESTING
        text = self.tr("Download {name} · {size}")
        if progress is not None and is_busy:
            text = self.tr("Downloading {name}: {done} of {size}")
        done = gb(progress.done_bytes) if progress else ""
        self.fetch.setText(text.format(name=choice.name, done=done, size=gb(choice.file_bytes)))
        self.fetch.setEnabled(not is_busy)

    def _hint_words(self, plan: Plan) -> str:
        choice = self._choice()
        words = [
            self._memory_words(plan),
            self._price,
            self.tr("A mixture of experts gains less: each guess reads experts of its own.")
            if self._is_mixture
            else "",
            self.tr("Answers stay the same; it guesses only while that is measured to be faster."),
            self.tr("Until it is here, the model is loaded without it.") if choice and not choice.path else "",
        ]
        return joined(*words)

    def _memory_words(self, plan: Plan) -> str:
        for lever in plan.levers:
            if lever.lever == "draft":
                return self.tr("{draft} takes {size}.").format(draft=lever.setting, size=lever.cost)
            if lever.lever == "mtp":
                return self.tr("These layers take {size}.").format(size=lever.cost)
        return ""  # a newer plan is being made

    def _price_words(self, plan: Plan, undrafted: Plan) -> str:
        """What the model itself gives up for the draft's room."""
        if not (plan.fits and undrafted.fits):
            return ""
        now, before = plan.speed.decode_tokens_s, undrafted.speed.decode_tokens_s
        words: list[str] = []
        if plan.context < undrafted.context:
            text = self.tr("For that the context is {now} instead of {before} tokens.")
            words.append(text.format(now=whole(plan.context), before=whole(undrafted.context)))
        if now < _SAME_SPEED * before:
            text = self.tr(
                "The model has less room: {now} instead of {before} tokens/s, not counting what guesses gain."
            )
            words.append(text.format(now=rate(now), before=rate(before)))
        return joined(*words) or self.tr("The model itself keeps its place and speed.")

    def _choice(self) -> DraftChoice | None:
        return next((c for c in self._choices if c.model == self._chosen), None)

    def _on_activated(self, index: int) -> None:
        self.chosen.emit(self.box.itemData(index))

    def _on_fetch_clicked(self) -> None:
        choice = self._choice()
        if choice is not None:
            self.download_requested.emit(choice)
