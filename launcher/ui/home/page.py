"""Home: the recommendation, the PC it is made for, and the other good choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.download_state import DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.ui.components import Banner, BannerKind, IconLabel, Run, ScrollPage, Text
from launcher.ui.components.device_names import usable_gpus
from launcher.ui.home.choice_card import ROLES, ChoiceCard
from launcher.ui.home.hero_card import HeroCard
from launcher.ui.home.pc_card import PcCard, PcLine
from launcher.ui.home.try_button import TryButton
from launcher.ui.home.words import plan_key
from launcher.ui.theme import Role, Tone, px

if TYPE_CHECKING:
    from launcher.core.downloads import DownloadProgress
    from launcher.core.machine import Machine, Sample
    from launcher.core.plans import Plan, Recommendation

_WORDS_AFTER_MS = 300
_NARROW_BELOW = 920  # page width; the window's 1000 px less the rail


class HomePage(ScrollPage):
    """The first page. Values come through setters, wishes leave as signals.

    Signals:
        goal_changed(Goal): rank for another goal.
        download_and_chat_requested(Plan): the button of the card; also when the model is installed already.
        try_requested(): chat with the built-in model.
        adjust_requested(Plan): open the plan for changes.
        plan_opened(Plan): one of the other choices.
        look_again_requested(): probe the hardware again.
        pause_requested(str), resume_requested(str), cancel_download_requested(str): key of the shown plan's download.
        next_step_chosen(NextStep): a button of the banner.
    """

    goal_changed = Signal(object)
    download_and_chat_requested = Signal(object)
    try_requested = Signal()
    adjust_requested = Signal(object)
    plan_opened = Signal(object)
    look_again_requested = Signal()
    pause_requested = Signal(str)
    resume_requested = Signal(str)
    cancel_download_requested = Signal(str)
    next_step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._machine: Machine | None = None
        self._recommendation: Recommendation | None = None
        self._installed: frozenset[str] = frozenset()
        self._try_words = ""
        self._is_offline = False
        self._cards: list[ChoiceCard] = []
        self._is_narrow: bool | None = None
        self._is_nothing_fits = False
        self._pending_words = ""
        self._words_timer = QTimer(self)
        self._words_timer.setSingleShot(True)
        self._words_timer.setInterval(_WORDS_AFTER_MS)
        self._words_timer.timeout.connect(self._on_words_timeout)
        self._build()
        self._connect()
        self._set_narrow(False)
        self.set_pending(self.tr("Looking at this PC…"))

    def _build(self) -> None:
        self._column = QVBoxLayout(self.content)
        self._column.setSpacing(0)
        self._title = Text(self.tr("What your PC can run"), Role.TITLE, parent=self.content)
        self._subtitle = Text("", Role.BODY, Tone.MUTED, self.content, wrap=True)
        self._subtitle.set_text(
            self.tr(
                "Picked for your hardware: the best answers at a comfortable speed. Your chats stay on this computer."
            )
        )
        self._try = TryButton(self.content)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(self._title)
        titles.addWidget(self._subtitle)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addLayout(titles, 1)
        head.addWidget(self._try)
        self._column.addLayout(head)
        self._column.addSpacing(14)
        self._offline = Banner(self.content)
        self._error = Banner(self.content)
        for banner in (self._offline, self._error):
            self._column.addWidget(banner)
        self._banner_gap = QWidget(self.content)
        self._banner_gap.setFixedHeight(12)
        self._banner_gap.hide()
        self._column.addWidget(self._banner_gap)
        self._top = QHBoxLayout()
        self._top.setSpacing(16)
        self._hero = HeroCard(self.content)
        self._pc = PcCard(self.content)
        self._pc.setFixedWidth(px(348))
        self._top.addWidget(self._hero, 1)
        self._top.addWidget(self._pc)
        self._column.addLayout(self._top)
        self._pc_line = PcLine(self.content)
        self._column.addSpacing(8)
        self._column.addWidget(self._pc_line)
        self._column.addSpacing(6)
        self._why = self._make_why()
        self._column.addWidget(self._why)
        self._column.addSpacing(14)
        self._others_title = Text(self.tr("Other good choices"), Role.BODY_STRONG, parent=self.content)
        self._others_title.hide()
        self._column.addWidget(self._others_title)
        self._column.addSpacing(8)
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        self._column.addLayout(self._grid)
        self._column.addStretch(1)

    def _make_why(self) -> QWidget:
        holder = QWidget(self.content)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        holder.setSizePolicy(policy)
        row = QHBoxLayout(holder)
        row.setContentsMargins(2, 4, 0, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel("info", Tone.ACCENT, 18, holder), 0, Qt.AlignmentFlag.AlignTop)
        self._why_text = Text("", Role.BODY, Tone.MUTED, holder, wrap=True)
        row.addWidget(self._why_text, 1)
        holder.hide()
        return holder

    def _connect(self) -> None:
        self._hero.goal_changed.connect(self.goal_changed)
        self._try.clicked.connect(self.try_requested)
        self._hero.action_row.try_requested.connect(self.try_requested)
        self._hero.action_row.start_requested.connect(self._on_start_requested)
        self._hero.action_row.adjust_requested.connect(self._on_adjust_requested)
        self._hero.action_row.look_again_requested.connect(self._on_look_again_requested)
        self._hero.action_row.pause_requested.connect(self._on_pause_requested)
        self._hero.action_row.resume_requested.connect(self._on_resume_requested)
        self._hero.action_row.cancel_requested.connect(self._on_cancel_requested)
        for source in (self._pc, self._pc_line):
            source.look_again_requested.connect(self._on_look_again_requested)
        for banner in (self._offline, self._error):
            banner.step_chosen.connect(self.next_step_chosen)

    @property
    def plan(self) -> Plan | None:
        """The recommended plan shown."""
        return self._hero.plan

    def set_pending(self, what: str) -> None:
        """Values are being worked out: "…" at once, the words `what` after 300 ms."""
        self._pending_words = what
        self._hero.set_pending()
        self._words_timer.start()

    def set_machine(self, machine: Machine) -> None:
        """Show the hardware."""
        self._machine = machine
        self._pc.set_machine(machine)
        self._pc_line.set_machine(machine)

    def set_sample(self, sample: Sample) -> None:
        """Follow what is free now; skipped while nobody looks."""
        if self.isVisible():
            (self._pc_line if self._is_narrow else self._pc).set_sample(sample)

    def set_recommendation(self, recommendation: Recommendation) -> None:
        """Show the ranked answer."""
        self._words_timer.stop()
        self._recommendation = recommendation
        self._hero.set_goal(recommendation.goal)
        plan = recommendation.recommended
        if plan is None:
            self._show_nothing_fits(recommendation)
        else:
            self._title.set_text(self.tr("Your PC can run DeepSeek"))
            self._hero.show()
            if self._is_nothing_fits:
                self.set_error(None)
                self._show_try()
            self._hero.set_plan(plan, self._machine, is_installed=plan_key(plan) in self._installed)
            self._pc.set_basis(plan.speed.basis)
            has_card = self._machine is None or bool(usable_gpus(self._machine))
            for card in (self._pc, self._pc_line):
                card.set_look_again_visible(has_card)
        self._show_why(recommendation)
        self._show_choices(recommendation)

    def set_installed(self, keys: frozenset[str]) -> None:
        """Keys ("repo::quant") of what is on the disk."""
        self._installed = keys
        self._show_try()
        plan = self._hero.plan
        if plan is not None:
            self._hero.set_plan(plan, self._machine, is_installed=plan_key(plan) in keys)

    def set_builtin(self, size_bytes: int) -> None:
        """The built-in model's size: it is offered while nothing is installed."""
        from launcher.catalog import builtin  # not before the first paint

        self._try_words = builtin.try_words(size_bytes)
        self._try.set_size(size_bytes)
        self._show_try()

    def _show_try(self) -> None:
        """In the head; where nothing can be downloaded it is the card's filled button."""
        is_offered = bool(self._try_words) and not self._installed
        in_card = is_offered and self._is_offline and not self._is_nothing_fits
        self._hero.action_row.set_offline(self._try_words if in_card else "")
        self._try.setVisible(is_offered and not in_card)

    def set_download(self, progress: DownloadProgress | None) -> None:
        """The download of the shown plan; those of other models are ignored."""
        plan = self._hero.plan
        if progress is not None and (plan is None or progress.key != plan_key(plan)):
            return
        self._hero.set_download(progress)
        if progress is None or plan is None:
            return
        if progress.state is DownloadState.FAILED and progress.error is not None:
            self.set_error(progress.error)
        elif progress.state is DownloadState.DONE:
            self.set_installed(self._installed | {progress.key})

    def set_error(self, error: UserError | None) -> None:
        """A failure that concerns this page, or None when it is over."""
        self._is_nothing_fits = False
        if error is None:
            self._error.hide()
        else:
            self._error.show_error(error)
        self._arrange_banners()

    def set_offline(self, why: str, steps: tuple[NextStep, ...] = ()) -> None:
        """The bar "No connection"; "" takes it away."""
        if why:
            self._offline.show_message(BannerKind.OFFLINE, self.tr("No connection to the model hub"), why, steps)
        else:
            self._offline.hide()
        self._is_offline = bool(why)
        self._show_try()
        self._arrange_banners()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows get the PC as one line and the choices in two columns."""
        super().resizeEvent(event)
        self._set_narrow(self.width() < px(_NARROW_BELOW))

    def _set_narrow(self, is_narrow: bool) -> None:
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        side = 20 if is_narrow else 32
        self._column.setContentsMargins(side, 16 if is_narrow else 20, side, 16)
        self._title.set_role(Role.MODEL if is_narrow else Role.TITLE)
        self._subtitle.setVisible(not is_narrow)
        self._pc.setVisible(not is_narrow)
        self._pc_line.setVisible(is_narrow)
        self._hero.set_short(is_narrow)
        self._place_choices()

    def _arrange_banners(self) -> None:
        self._banner_gap.setVisible(not self._offline.isHidden() or not self._error.isHidden())

    def _show_nothing_fits(self, recommendation: Recommendation) -> None:
        self._title.set_text(self.tr("No DeepSeek model fits this PC"))
        self._hero.hide()
        self._is_nothing_fits = True
        self._show_try()
        why = " ".join(f"{rejection.model}: {rejection.why}" for rejection in recommendation.rejected[:1])
        step = NextStep(self.tr("Look again"), "look_again")
        self._error.show_message(
            BannerKind.WARN, self.tr("Nothing in the catalog fits into this PC's memory."), why, (step,)
        )
        self._arrange_banners()

    def _show_why(self, recommendation: Recommendation) -> None:
        why = recommendation.why_not_bigger
        self._why.setVisible(bool(why))
        title = Run(self.tr("Why not bigger?"), Role.BODY_STRONG)
        self._why_text.set_text([title, Run(f" {why}", Role.BODY, Tone.MUTED)])

    def _show_choices(self, recommendation: Recommendation) -> None:
        for card in self._cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = []
        for role in ROLES:
            plan = recommendation.alternatives.get(role)
            if plan is None:
                continue
            reason = recommendation.role_reasons.get(role, "")
            card = ChoiceCard(role, plan, reason, self._machine, self.content)
            card.plan_chosen.connect(self.plan_opened)
            # Reading order: what is made later would else come last in the window.
            QWidget.setTabOrder(self._cards[-1] if self._cards else self._pc_line.look_again, card)
            self._cards.append(card)
        self._others_title.setVisible(bool(self._cards))
        self._place_choices()

    def _place_choices(self) -> None:
        columns = 2 if self._is_narrow else max(1, len(self._cards))
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for i, card in enumerate(self._cards):
            self._grid.addWidget(card, i // columns, i % columns)
            card.show()

    def _on_words_timeout(self) -> None:
        self._hero.set_pending(self._pending_words)

    def _on_start_requested(self) -> None:
        if self._hero.plan is not None:
            self.download_and_chat_requested.emit(self._hero.plan)

    def _on_adjust_requested(self) -> None:
        if self._hero.plan is not None:
            self.adjust_requested.emit(self._hero.plan)

    def _on_look_again_requested(self) -> None:
        self.look_again_requested.emit()

    def _on_pause_requested(self) -> None:
        if self._hero.plan is not None:
            self.pause_requested.emit(plan_key(self._hero.plan))

    def _on_resume_requested(self) -> None:
        if self._hero.plan is not None:
            self.resume_requested.emit(plan_key(self._hero.plan))

    def _on_cancel_requested(self) -> None:
        if self._hero.plan is not None:
            self.cancel_download_requested.emit(plan_key(self._hero.plan))
