"""What is known of the chosen model, and everything that can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.downloads import Installed, Origin
from launcher.core.units import gb, rate
from launcher.core.words import known
from launcher.services.library_values import CheckState, LibraryEntry, Work
from launcher.ui.components import (
    Button,
    ButtonKind,
    ButtonSize,
    Card,
    CheckBox,
    Chip,
    DangerButton,
    Divider,
    ElidedLabel,
    FlowLayout,
    IconLabel,
    LinkButton,
    PrimaryButton,
    SecondaryButton,
    Text,
    ThinBar,
    show_checked,
)
from launcher.ui.library import words
from launcher.ui.library.facts import Facts
from launcher.ui.library.rows import BrokenRow
from launcher.ui.theme import Role, Tone


class LibraryPanel(Card):
    """One model or one broken file. Removing asks in the panel itself.

    Signals:
        chat_requested(Installed), verify_requested(Installed), move_requested(Installed), remove_requested(Installed):
            the model; a removal was confirmed.
        reveal_requested(str), cancel_requested(str): a path.
        pin_changed(Installed, bool): keep this version, or not.
        update_requested(Update): fetch the newer version.
        fetch_again_requested(str): the path of something broken that can be made whole.
    """

    chat_requested = Signal(object)
    verify_requested = Signal(object)
    move_requested = Signal(object)
    remove_requested = Signal(object)
    reveal_requested = Signal(str)
    cancel_requested = Signal(str)
    pin_changed = Signal(object, bool)
    update_requested = Signal(object)
    fetch_again_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: LibraryEntry | BrokenRow | None = None
        self._work: Work | None = None
        self._asked_about = ""
        self.setAccessibleName(self.tr("Chosen model"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        self._name = Text("", Role.SECTION, parent=self, wrap=True)
        self._quant = Chip("", parent=self, mono=True)
        column.addWidget(self._name)
        column.addWidget(self._quant)
        self._trouble = Text("", Role.SMALL, Tone.BAD, self, wrap=True)
        column.addWidget(self._trouble)
        column.addWidget(self._build_update())
        self._facts = Facts(self)
        column.addWidget(self._facts)
        self._path = ElidedLabel("", Role.MONO_SMALL, Tone.MUTED, self, mode=Qt.TextElideMode.ElideMiddle)
        column.addWidget(self._path)
        self._line = Divider(self)
        column.addWidget(self._line)
        column.addWidget(self._build_work())
        self._actions = self._build_actions()
        column.addWidget(self._actions)
        self._pin = CheckBox(self.tr("Keep this version"), self)
        self._pin.setToolTip(self.tr("No newer version of it is offered."))
        self._pin.toggled.connect(self._on_pin_toggled)
        column.addWidget(self._pin)
        column.addWidget(self._build_confirm())
        column.addStretch(1)
        self.show_row(None)

    # --- values ---

    def show_row(self, row: LibraryEntry | BrokenRow | None) -> None:
        """Show another model or broken file, or the same with other values."""
        self._row = row
        if isinstance(row, LibraryEntry):
            self._show_entry(row)
        elif isinstance(row, BrokenRow):
            self._show_broken(row)
        for widget in (self._facts, self._quant):
            widget.setVisible(isinstance(row, LibraryEntry))
        # Newer versions are known only of what came from a repository.
        self._pin.setVisible(isinstance(row, LibraryEntry) and row.model.revision is not None)
        self.setVisible(row is not None)
        self._refresh()

    def set_work(self, work: Work | None) -> None:
        """What is being done with the chosen model; None for nothing."""
        self._work = work
        self._refresh()

    @property
    def path(self) -> str:
        """Of what is shown."""
        row = self._row
        if isinstance(row, LibraryEntry):
            return row.model.path
        return str(row.broken.path) if row is not None else ""

    # --- showing ---

    def _show_entry(self, entry: LibraryEntry) -> None:
        model = entry.model
        self._name.set_text(model.name)
        self._quant.set_text(model.quant or model.architecture)
        self._path.set_text(model.path)
        icon, fit, tone = words.entry_fit(entry)
        del icon
        speed = ""
        if entry.plan is not None and entry.plan.fits:
            speed = self.tr("{n} tokens/s").format(n=rate(entry.plan.speed.decode_tokens_s))
        _icon, checked, check_tone = words.check_words(entry)
        self._facts.show_facts(
            (
                (self.tr("Size"), gb(model.size_bytes), Tone.TEXT, ""),
                (self.tr("Where it runs"), fit, tone, ""),
                (self.tr("Speed, estimate"), speed, Tone.TEXT, ""),
                (self.tr("Where from"), words.origin_words(model.origin), Tone.TEXT, model.repo or ""),
                (self.tr("Last used"), words.use_words(model.last_used_unix_s), Tone.TEXT, ""),
                (self.tr("Checksum"), checked, check_tone, ""),
                (self.tr("Version"), (model.revision or "")[:8], Tone.TEXT, model.revision or ""),
            )
        )
        show_checked(self._pin, model.pinned)
        differs = entry.check is not None and entry.check.state is CheckState.DIFFERS
        names = ", ".join(_name_of(f) for f in entry.check.bad_files[:3]) if entry.check is not None else ""
        self._trouble.set_text(
            self.tr("The bytes differ from what was published: {files}.").format(files=names) if differs else ""
        )
        if entry.update is not None:
            size = gb(entry.update.file_bytes)
            self._update_words.set_text(self.tr("A newer version exists: {size}").format(size=size))

    def _show_broken(self, row: BrokenRow) -> None:
        path = str(row.broken.path)
        self._name.set_text(_name_of(path))
        self._path.set_text(path)
        self._trouble.set_text(known(row.broken.why))

    def _refresh(self) -> None:
        row, work = self._row, self._work
        model = row.model if isinstance(row, LibraryEntry) else None
        is_ours = model is not None and model.is_ours
        is_working = work is not None
        is_asking = bool(self._asked_about) and self._asked_about == self.path and not is_working
        self._trouble.setVisible(bool(self._trouble.text()))
        self._update.setVisible(isinstance(row, LibraryEntry) and row.update is not None)
        self._chat.setVisible(model is not None)
        self._verify.setVisible(model is not None)
        self._move.setVisible(is_ours)
        self._remove.setVisible(model is not None)
        is_bad = isinstance(row, LibraryEntry) and row.check is not None and row.check.state is CheckState.DIFFERS
        can_fetch = (isinstance(row, BrokenRow) and row.broken.origin == Origin.LAUNCHER) or (is_bad and _is_hub(model))
        self._fetch_again.setVisible(can_fetch)
        for button in (self._verify, self._move, self._remove):
            button.setEnabled(not is_working)
        self._actions.setVisible(not is_asking)
        self._confirm.setVisible(is_asking)
        self._delete.setVisible(is_ours)
        self._unlist.setVisible(model is not None and model.origin == Origin.FILE)
        if model is not None:
            self._show_names(model)
        self._work_box.setVisible(is_working)
        if work is not None:
            self._work_words.set_text(words.work_words(work))
            share = work.done_bytes / work.total_bytes if work.total_bytes else None
            self._bar.set_share(share, self._work_words.text())

    def _show_names(self, model: Installed) -> None:
        """Screen readers hear which model a button is about; the question of removing has the numbers."""
        about = words.about(model)
        self._chat.setAccessibleName(self.tr("Chat with {name}").format(name=about))
        self._verify.setAccessibleName(self.tr("Verify {name}").format(name=about))
        self._move.setAccessibleName(self.tr("Move {name} to another disk").format(name=about))
        self._remove.setAccessibleName(self.tr("Remove {name}").format(name=about))
        size = gb(model.size_bytes)
        if model.is_ours:
            question = self.tr("Removing it frees {size}. It can be fetched again.").format(size=size)
        elif model.origin == Origin.FILE:
            question = self.tr("You added this file where it lies. Only this list forgets it; the file stays.")
        elif model.origin == Origin.FOLDER:
            question = self.tr(
                "It lies in a folder of yours that is searched for models, so it is not deleted from here. "
                "Settings, Models and storage has the list of folders."
            )
        else:
            text = self.tr(
                "It came with {origin} and may be in use there, so it is not deleted from here. "
                "Delete it in its folder or with that program; this list follows."
            )
            question = text.format(origin=words.origin_words(model.origin))
        self._question.set_text(question)
        self._delete.setText(self.tr("Delete {size}").format(size=size))
        self._delete.updateGeometry()

    # --- building ---

    def _build_update(self) -> QWidget:
        self._update = QWidget(self)
        row = QHBoxLayout(self._update)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("refresh-cw", Tone.ACCENT, 16, self._update))
        self._update_words = Text("", Role.SMALL_STRONG, parent=self._update, wrap=True)
        row.addWidget(self._update_words, 1)
        button = SecondaryButton(self.tr("Update"), self._update, size=ButtonSize.SMALL)
        button.clicked.connect(self._on_update_clicked)
        row.addWidget(button)
        return self._update

    def _build_work(self) -> QWidget:
        self._work_box = QWidget(self)
        column = QVBoxLayout(self._work_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self._work_words = Text("", Role.SMALL_MEDIUM, parent=self._work_box, wrap=True)
        row.addWidget(self._work_words, 1)
        cancel = LinkButton(self.tr("Cancel"), self._work_box)
        cancel.clicked.connect(self._on_cancel_clicked)
        row.addWidget(cancel)
        column.addLayout(row)
        self._bar = ThinBar(self.tr("Progress"), self._work_box)
        column.addWidget(self._bar)
        return self._work_box

    def _build_actions(self) -> QWidget:
        holder = QWidget(self)
        flow = FlowLayout(holder, gap=8, line_gap=8)
        self._chat = PrimaryButton(self.tr("Chat"), holder, size=ButtonSize.SMALL)
        self._chat.clicked.connect(self._on_chat_clicked)
        self._fetch_again = SecondaryButton(self.tr("Fetch again"), holder, size=ButtonSize.SMALL)
        self._fetch_again.clicked.connect(self._on_fetch_again_clicked)
        self._verify = SecondaryButton(self.tr("Verify"), holder, size=ButtonSize.SMALL)
        self._verify.clicked.connect(self._on_verify_clicked)
        self._reveal = SecondaryButton(self.tr("Show in folder"), holder, size=ButtonSize.SMALL, icon="folder")
        self._reveal.clicked.connect(self._on_reveal_clicked)
        self._move = SecondaryButton(self.tr("Move to another disk…"), holder, size=ButtonSize.SMALL)
        self._move.clicked.connect(self._on_move_clicked)
        self._remove = Button(self.tr("Remove…"), ButtonKind.LINK, holder, size=ButtonSize.SMALL)
        self._remove.clicked.connect(self._on_remove_clicked)
        for button in (self._chat, self._fetch_again, self._verify, self._reveal, self._move, self._remove):
            flow.addWidget(button)
        return holder

    def _build_confirm(self) -> QWidget:
        self._confirm = QWidget(self)
        column = QVBoxLayout(self._confirm)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._question = Text("", Role.SMALL, parent=self._confirm, wrap=True)
        column.addWidget(self._question)
        holder = QWidget(self._confirm)
        flow = FlowLayout(holder, gap=8)
        self._delete = DangerButton("", holder, size=ButtonSize.SMALL)
        self._delete.clicked.connect(self._on_delete_clicked)
        self._unlist = SecondaryButton(self.tr("Take it off the list"), holder, size=ButtonSize.SMALL)
        self._unlist.clicked.connect(self._on_delete_clicked)
        self._show = SecondaryButton(self.tr("Show its folder"), holder, size=ButtonSize.SMALL)
        self._show.clicked.connect(self._on_reveal_clicked)
        keep = LinkButton(self.tr("Keep it"), holder)
        keep.clicked.connect(self._on_keep_clicked)
        for button in (self._delete, self._unlist, self._show, keep):
            flow.addWidget(button)
        column.addWidget(holder)
        return self._confirm

    # --- slots ---

    def _model(self) -> Installed | None:
        return self._row.model if isinstance(self._row, LibraryEntry) else None

    def _on_chat_clicked(self) -> None:
        self.chat_requested.emit(self._model())

    def _on_verify_clicked(self) -> None:
        self.verify_requested.emit(self._model())

    def _on_move_clicked(self) -> None:
        self.move_requested.emit(self._model())

    def _on_reveal_clicked(self) -> None:
        self.reveal_requested.emit(self.path)

    def _on_cancel_clicked(self) -> None:
        self.cancel_requested.emit(self.path)

    def _on_pin_toggled(self, pinned: bool) -> None:
        self.pin_changed.emit(self._model(), pinned)

    def _on_update_clicked(self) -> None:
        if isinstance(self._row, LibraryEntry):
            self.update_requested.emit(self._row.update)

    def _on_fetch_again_clicked(self) -> None:
        self.fetch_again_requested.emit(self.path)

    def _on_remove_clicked(self) -> None:
        self._asked_about = self.path
        self._refresh()
        first = next((b for b in (self._delete, self._unlist, self._show) if b.isVisible()), self._show)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_keep_clicked(self) -> None:
        self._asked_about = ""
        self._refresh()

    def _on_delete_clicked(self) -> None:
        self._asked_about = ""
        self.remove_requested.emit(self._model())
        self._refresh()


def _name_of(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _is_hub(model: Installed | None) -> bool:
    return model is not None and model.origin in (Origin.LAUNCHER, Origin.HF_CACHE)
