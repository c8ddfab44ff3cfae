"""The plan of the chosen size: what it is, where it sits, how fast, the levers, why, and one button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant
from launcher.core.plans import Plan, Wishes
from launcher.services.drafts import DraftChoice
from launcher.services.exact import Progress, Verified, VerifyRequest
from launcher.services.plan_editing import Edited, EditRequest
from launcher.ui.components import Banner, ScrollPage
from launcher.ui.models import words
from launcher.ui.models.editor import PlanEditor, Subject
from launcher.ui.models.editor_words import overflow_words
from launcher.ui.models.figures import SpeedFigures
from launcher.ui.models.fit import fit_of
from launcher.ui.models.levers import Levers
from launcher.ui.models.notes import Note, Notes, plan_notes
from launcher.ui.models.plan_foot import FootState, PlanFoot
from launcher.ui.models.plan_for import PlanForBox
from launcher.ui.models.plan_head import PlanHead
from launcher.ui.models.plan_memory import PlanMemory
from launcher.ui.models.rows import ModelRow, SizeRow
from launcher.ui.theme import Tone

_SIDE = 24


class PlanPanel(QWidget):
    """Shows one size of one model; size, machine and levers can be changed here.

    Signals:
        back_requested(): in a narrow window, to the list.
        size_chosen(SizeRow): another size was picked from the list in the head.
        download_and_chat_requested(Plan), download_requested(Plan), chat_requested(Installed): the buttons.
        draft_wanted(DraftChoice): download the draft that was chosen.
        edit_requested(EditRequest): plan this; many times a second while dragging.
        machine_chosen(MachineWish | None): plan for another machine.
        verify_requested(VerifyRequest), verify_cancelled(): the engine's dry run.
        step_chosen(NextStep): of an error shown here.
    """

    back_requested = Signal()
    size_chosen = Signal(object)
    download_and_chat_requested = Signal(object)
    download_requested = Signal(object)
    chat_requested = Signal(object)
    draft_wanted = Signal(object)
    edit_requested = Signal(object)
    machine_chosen = Signal(object)
    verify_requested = Signal(object)
    verify_cancelled = Signal()
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Plan"))
        self._model: ModelRow | None = None
        self._size: SizeRow | None = None
        self._progress: DownloadProgress | None = None
        self._machine: Machine | None = None
        self._base = Wishes()
        self._is_what_if = False
        self._why_not_bigger = ""
        self._edited: Edited | None = None
        self._verified: Verified | None = None
        self._key: tuple[str, str, str] | None = None
        self._is_target_new = False
        self._is_problem_of_levers = False
        self._is_pending = True
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        scroll = ScrollPage(self)
        # The panel lies on the table's surface, not on the window.
        scroll.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        scroll.content.setBackgroundRole(QPalette.ColorRole.Base)
        outer.addWidget(scroll, 1)
        self._scroll = scroll
        scroll.verticalScrollBar().rangeChanged.connect(self._on_scroll_range_changed)
        self._column = QVBoxLayout(scroll.content)
        self._column.setContentsMargins(_SIDE, 12, _SIDE, 8)
        self._column.setSpacing(0)
        self._head = PlanHead(self)
        self._memory = PlanMemory(self)
        self._figures = SpeedFigures(self)
        self._editor = PlanEditor(self)
        self._problem = Banner(self)
        self._notes = Notes(self)
        for widget, gap in (
            (self._head, 10),
            (self._memory, 12),
            (self._figures, 10),
            (self._editor, 8),
            (self._problem, 8),
            (self._notes, 0),
        ):
            self._column.addWidget(widget)
            self._column.addSpacing(gap)
        self._column.addStretch(1)
        self._foot = PlanFoot(self)
        outer.addWidget(self._foot)
        self._connect()
        self._refresh()

    # --- values ---

    @property
    def wishes(self) -> Wishes | None:
        """With the levers fixed here; None when none is."""
        request = self._request()
        return request.wishes if request and not self._editor.levers.is_untouched else None

    @property
    def shown_plan(self) -> Plan | None:
        """What the panel shows, with levers."""
        return self._plan()

    @property
    def plan_for(self) -> PlanForBox:
        """The choice of the machine."""
        return self._head.plan_for

    def set_pending(self, is_pending: bool) -> None:
        """Whether plans are still being made."""
        self._is_pending = is_pending
        self._refresh()

    def set_this_pc(self, machine: Machine) -> None:
        """Name this PC in the list of machines."""
        self._head.plan_for.set_this_pc(machine)

    def set_gpu_names(self, names: tuple[str, ...]) -> None:
        """Cards of what-if machines."""
        self._head.plan_for.set_gpu_names(names)

    def set_target(self, machine: Machine, base: Wishes, why_not_bigger: str, *, is_what_if: bool) -> None:
        """The machine and wishes that all plans are for."""
        before = self._machine
        self._is_target_new = True
        if before is None or is_what_if != self._is_what_if or not _are_same_cards(before, machine):
            self._key = None  # levers of one machine mean nothing on another
        self._machine, self._base, self._why_not_bigger, self._is_what_if = machine, base, why_not_bigger, is_what_if
        self._head.set_what_if(is_what_if)

    def set_narrow(self, is_narrow: bool) -> None:
        """Show the way back to the list."""
        self._head.set_narrow(is_narrow)

    def show_size(self, model: ModelRow | None, size: SizeRow | None, progress: DownloadProgress | None) -> None:
        """Show a size; None for nothing chosen. The levers stay while it is the same one on the same machine."""
        # A plan without levers that was shown here has become its row's.
        edited = self._edited.plan if self._edited and self._edited.is_recommended else None
        known = (self._size.plan if self._size else None, edited)
        are_drafts_new = self._model is None or model is None or model.drafts != self._model.drafts
        self._model, self._size, self._progress = model, size, progress
        key = size.key if size else None
        if key != self._key or self._is_target_new or are_drafts_new or (size and size.plan not in known):
            self._start_editing(self._editor.levers if key and key == self._key else Levers())
        self._key = key
        self._is_target_new = False
        self._refresh()

    def set_progress(self, progress: DownloadProgress) -> None:
        """Follow the download of the size shown, and of its draft."""
        self._editor.show_progress(progress)
        if self._size and progress.key == self._size.download_key:
            self._progress = progress
            self._refresh_foot()

    def show_edited(self, edited: Edited) -> None:
        """The plan for levers that are set here, or for an older position of them; others are not shown."""
        request = self._request()
        if request is None or edited.request.key != request.key or edited.request.machine is not request.machine:
            return
        if self._editor.levers.is_untouched and edited.request.wishes != request.wishes:
            return
        if edited.plan != self._plan():
            self._forget_verified()
        self._edited = edited
        if edited.is_recommended:
            self._editor.set_recommended(edited.plan)
        if self._is_problem_of_levers:
            self._problem.hide()
        self._refresh()

    def show_edit_error(self, error: UserError) -> None:
        """The levers cannot be planned."""
        self._is_problem_of_levers = True
        self._problem.show_error(error)

    def show_machine_error(self, error: UserError) -> None:
        """The wished machine cannot be described."""
        self._head.plan_for.go_back()
        self._is_problem_of_levers = False  # it stays until another machine is chosen
        self._problem.show_error(error)

    def show_verify_progress(self, progress: Progress) -> None:
        """The engine's check goes on."""
        self._foot.verify.show_progress(progress)
        self._refresh_foot()

    def show_verified(self, verified: Verified) -> None:
        """The engine's figures; the bars show them from now on, until a lever moves."""
        if verified.before == self._plan():
            self._verified = verified
            self._foot.verify.show_verified(verified)
            self._refresh()

    def show_verify_error(self, error: UserError) -> None:
        """Why there are none."""
        self._foot.verify.show_error(error)
        self._refresh_foot()

    def focus_main_button(self) -> None:
        """Put the keyboard on what this plan is for."""
        if not self._foot.focus_main_button():
            self._head.focus_sizes()

    def _connect(self) -> None:
        self._head.back_requested.connect(self.back_requested)
        self._head.size_chosen.connect(self.size_chosen)
        self._editor.levers_changed.connect(self._on_levers_changed)
        self._editor.draft_wanted.connect(self.draft_wanted)
        self._head.plan_for.chosen.connect(self._on_machine_chosen)
        self._problem.step_chosen.connect(self.step_chosen)
        self._foot.verify.step_chosen.connect(self.step_chosen)
        self._foot.verify.cancel_requested.connect(self._on_verify_cancelled)
        self._foot.verify_clicked.connect(self._on_verify_clicked)
        self._foot.reset_clicked.connect(self._editor.reset)
        self._foot.main_clicked.connect(self._on_main_clicked)
        self._foot.download_clicked.connect(self._on_only_download_clicked)

    # --- editing ---

    def _quant(self) -> Quant | None:
        """What the catalog knows of the size shown."""
        size, variant = self._size, self._model.variant if self._model else None
        if size is None or variant is None:
            return None
        return next((q for q in variant.quants if (q.name, q.repo) == (size.quant, size.repo)), None)

    def _request(self) -> EditRequest | None:
        quant, machine = self._quant(), self._machine
        variant = self._model.variant if self._model else None
        if quant is None or quant.facts is None or machine is None or variant is None:
            return None
        wishes = self._editor.levers.wishes(self._base, quant.facts, machine, self._drafts())
        return EditRequest(machine, variant, quant, self._base, wishes)

    def _drafts(self) -> tuple[DraftChoice, ...]:
        return self._model.drafts if self._model else ()

    def _start_editing(self, levers: Levers) -> None:
        """Another plan to start from; what the cache would save is asked for too."""
        self._edited = None
        self._forget_verified()
        quant, size = self._quant(), self._size
        if quant is None or quant.facts is None or self._machine is None or size is None or size.plan is None:
            self._editor.set_subject(None)
            return
        self._editor.set_subject(Subject(quant.facts, self._machine, self._base, size.plan, self._drafts()), levers)
        request = self._request()
        if request is not None:
            self.edit_requested.emit(request)

    def _forget_verified(self) -> None:
        if self._foot.verify.is_busy:
            self.verify_cancelled.emit()
        self._verified = None
        self._foot.verify.clear()

    def _plan(self) -> Plan | None:
        """With the levers, as far as it has been made."""
        if self._edited is not None:
            return self._edited.plan
        return self._size.plan if self._size else None

    # --- showing ---

    def _refresh(self) -> None:
        plan = self._plan()
        shown = self._verified.after if self._verified else plan
        self._head.show_size(self._model, self._size)
        is_dragging = not self._editor.levers.is_untouched
        self._memory.set_memory(shown.memory if shown else None, self._machine, glide=not is_dragging)
        # While dragging the row stays, so that the sliders do not run away from the mouse.
        self._figures.setVisible(plan is not None and (plan.fits or is_dragging))
        self._figures.set_speed(plan.speed if plan and plan.fits else None, is_pending=plan is None)
        if plan:
            self._editor.show_plan(plan, self._edited)
        self._notes.set_notes(self._note_list(shown))
        self._refresh_foot()

    def _note_list(self, plan: Plan | None) -> list[Note]:
        why = self._why()
        notes: list[Note] = [("circle-alert", Tone.BAD, why)] if why else []
        if plan:
            notes += plan_notes(plan)
            if self._size and self._size.is_recommended and self._why_not_bigger and not self._editor_is_touched():
                text = self.tr("Why not bigger? {why}").format(why=self._why_not_bigger)
                notes.append(("info", Tone.ACCENT, text))
            if plan.honest_note:
                notes.append(("info", Tone.MUTED, plan.honest_note))
        return notes

    def _editor_is_touched(self) -> bool:
        return not self._editor.levers.is_untouched

    def _why(self) -> str:
        """What stands in the way, in one sentence; "" when nothing does."""
        model, size, plan = self._model, self._size, self._plan()
        if model and model.why_not:
            return model.why_not
        if size and size.why_not:
            return size.why_not
        if size and plan is None and not self._is_pending:
            return self.tr("The shape of this file is not known, so its memory and speed cannot be predicted.")
        if plan is None or plan.fits:
            return ""
        if self._edited and self._editor_is_touched():
            return overflow_words(self._edited)
        if not plan.warnings:
            _, text, _ = words.fit_words(fit_of(plan))
            return self.tr("It does not fit: {words}.").format(words=text)
        return ""

    def _refresh_foot(self) -> None:
        plan = self._verified.after if self._verified else self._plan()
        touched = self._editor_is_touched()
        self._foot.show_state(FootState(self._size, plan, self._progress, self._is_pending, touched, self._is_what_if))

    # --- slots ---

    def _on_scroll_range_changed(self, _first: int, last: int) -> None:
        """The scroll bar takes its width from the margin, so that nothing is laid out anew."""
        bar = self._scroll.verticalScrollBar().sizeHint().width() if last else 0
        self._column.setContentsMargins(_SIDE, 12, max(0, _SIDE - bar), 8)

    def _on_machine_chosen(self, wish: object) -> None:
        self._problem.hide()
        self.machine_chosen.emit(wish)

    def _on_levers_changed(self, levers: Levers) -> None:
        self._forget_verified()
        if levers.is_untouched:
            self._edited = None
            self._refresh()
        request = self._request()
        if request is not None:
            self.edit_requested.emit(request)

    def _on_main_clicked(self) -> None:
        plan = self._plan()
        if self._size and self._size.installed:
            self.chat_requested.emit(self._size.installed)
        elif plan:
            self.download_and_chat_requested.emit(plan)

    def _on_only_download_clicked(self) -> None:
        plan = self._plan()
        if plan:
            self.download_requested.emit(plan)

    def _on_verify_clicked(self) -> None:
        plan, installed = self._plan(), self._size.installed if self._size else None
        if plan is not None:
            self._verified = None
            self.verify_requested.emit(VerifyRequest(plan, installed.path if installed else "", self._is_what_if))

    def _on_verify_cancelled(self) -> None:
        self.verify_cancelled.emit()
        self._foot.verify.clear()
        self._refresh_foot()


def _are_same_cards(one: Machine, other: Machine) -> bool:
    return [gpu.name for gpu in one.gpus] == [gpu.name for gpu in other.gpus]
