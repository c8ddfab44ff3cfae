"""The plan editor's fold for what hardly anybody has to touch: threads, how the file gets into memory, memory nodes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from launcher.core.machine import Machine
from launcher.core.plans import LOAD_MODES, NUMA_MODES, Plan
from launcher.core.units import whole
from launcher.core.words import joined
from launcher.ui.components import ComboBox, ElidedLabel, LinkButton, Text
from launcher.ui.models.lever_row import LeverRow, add_row
from launcher.ui.models.levers import Levers, most_threads, numa_nodes
from launcher.ui.theme import Role, Tone, px

_HEIGHT, _ROW_HEIGHT, _GAP = 30, 36, 6


class MoreLevers(QObject):
    """A button that unfolds three rows, each with what its setting does and costs. Its owner says where they stand.

    Signals:
        threads_moved(int): threads of the processor, by the user.
        threads_reset(): back to automatic.
        load_mode_chosen(str | None), numa_chosen(str | None): as in `Levers`; by the user.
    """

    threads_moved = Signal(int)
    threads_reset = Signal()
    load_mode_chosen = Signal(object)
    numa_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_open = False
        self._machine: Machine | None = None
        self._levers = Levers()
        self._fold = LinkButton(self.tr("More levers"), parent)
        self._fold.clicked.connect(self._on_fold_clicked)
        self._fixed = ElidedLabel("", Role.SMALL, Tone.MUTED, parent)
        self._threads = LeverRow.named(self.tr("Threads"), parent)
        self._threads.slider.moved.connect(self._on_threads_moved)
        self._threads.slider.reset_requested.connect(self.threads_reset)
        self._load_mode = _Choice(self.tr("Load mode"), parent)
        self._load_mode.box.activated.connect(self._on_load_mode_activated)
        self._numa = _Choice(self.tr("NUMA"), parent)
        self._numa.box.activated.connect(self._on_numa_activated)
        self._threads_hint = _hint(parent)
        self._show_fold()

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Of the Tab key, in order."""
        return self._fold, self._threads.slider, self._load_mode.box, self._numa.box

    def place_in(self, grid: QGridLayout, at: int) -> None:
        """Lay the rows out from a row of the grid on; also again."""
        grid.addWidget(self._fold, at, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self._fixed, at, 1, 1, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        add_row(grid, at + 1, self._threads.name, self._threads.slider, self._threads.value)
        grid.addWidget(self._threads_hint, at + 2, 0, 1, 3)
        self._load_mode.place_in(grid, at + 3)
        self._numa.place_in(grid, at + 5)

    def set_machine(self, machine: Machine, recommended: Plan) -> None:
        """Offer what this machine has; `recommended` tells what automatic is."""
        self._machine = machine
        place = recommended.placement
        self._load_mode.set_choices(self._automatic(place.load_mode), [(m, *self._load_words(m)) for m in LOAD_MODES])
        self._numa.set_choices(self._automatic(place.numa), [(m, *self._numa_words(m)) for m in NUMA_MODES])
        self._show_fold()

    def show_plan(self, plan: Plan, levers: Levers, recommended: Plan) -> None:
        """What is set, and what it does; `plan` may be older than `levers`."""
        self._levers = levers
        if self._machine is not None:
            self._show_threads(self._machine, plan, recommended)
        self._load_mode.show(levers.load_mode)
        self._numa.show(levers.numa)
        self._show_fold()

    # --- showing ---

    def _show_fold(self) -> None:
        """What was fixed by hand stays named while it is folded."""
        self._fold.set_icon_name("chevron-down" if self._is_open else "chevron-right")
        self._fold.setAccessibleDescription(
            joined(self.tr("Unfolded") if self._is_open else self.tr("Folded"), self._fixed_words())
        )
        self._fixed.set_text(self._fixed_words())
        self._fixed.setVisible(not self._is_open and bool(self._fixed_words()))
        has_threads = self._machine is not None and most_threads(self._machine) > 1
        has_nodes = self._machine is not None and numa_nodes(self._machine) > 1
        self._threads.set_shown(self._is_open and has_threads)
        self._threads_hint.setVisible(self._is_open and has_threads)
        self._load_mode.set_shown(self._is_open)
        self._numa.set_shown(self._is_open and has_nodes)

    def _fixed_words(self) -> str:
        levers, words = self._levers, list[str]()
        if levers.threads is not None:
            threads = self.tr("1 thread") if levers.threads == 1 else self.tr("{n} threads")
            words.append(threads.format(n=whole(levers.threads)))
        if levers.load_mode is not None:
            words.append(levers.load_mode)
        if levers.numa is not None:
            words.append(self.tr("NUMA {mode}").format(mode=levers.numa))
        return " · ".join(words)

    def _show_threads(self, machine: Machine, plan: Plan, recommended: Plan) -> None:
        n, most, best = plan.placement.threads, most_threads(machine), recommended.placement.threads
        at = n if self._levers.threads is None else self._levers.threads
        self._threads.slider.set_scale(most - 1, best - 1)
        figure = self.tr("{n} of {m}").format(n=whole(at), m=whole(most))
        cores = self.tr("1 core") if machine.cpu.cores == 1 else self.tr("{n} cores")
        cores = cores.format(n=whole(machine.cpu.cores))
        self._threads_hint.set_text(self._threads_words(machine.cpu.cores, recommended))
        words = self.tr("{figure}, {cores}.").format(figure=figure, cores=cores)
        self._threads.show(at - 1, joined(words, self._threads_hint.text()), figure, cores)

    def _threads_words(self, cores: int, recommended: Plan) -> str:
        n = self._levers.threads
        if n is None:
            automatic = whole(recommended.placement.threads)
            if recommended.placement.is_threads_fixed:
                return self.tr("Automatic: {n}, measured on this PC.").format(n=automatic)
            text = self.tr("Automatic: {n}. Where another number may be faster, the engine measures after loading.")
            return text.format(n=automatic)
        cost = ""
        if n > cores:
            cost = self.tr("More threads than cores seldom make it faster, and other programs get slower.")
        elif n < cores:
            cost = self.tr("Other programs keep the rest of the processor; what it computes takes longer.")
        return joined(
            self.tr("Set by hand: the engine tries no other number."),
            cost,
            self.tr("The predicted speed does not follow this lever."),
        )

    # --- words ---

    def _automatic(self, mode: str) -> str:
        return self.tr("automatic ({mode})").format(mode=mode)

    def _load_words(self, mode: str) -> tuple[str, str]:
        """Name, and what it does and costs."""
        return {
            "mmap": (
                self.tr("mapped (mmap)"),
                self.tr(
                    "The file serves as memory: the quickest start, and the only way in which a model may be larger than the RAM. When other programs need the memory, parts are read from the disk again and answers stall."
                ),
            ),
            "none": (
                self.tr("read into memory (none)"),
                self.tr(
                    "Everything is read before the first answer: a slower start, and it has to fit. The file itself is not needed afterwards."
                ),
            ),
            "mlock": (
                self.tr("read and held (mlock)"),
                self.tr(
                    "As “read into memory”, and the system may not move it out: no stalls, but other programs have that much less. It has to fit, and the system has to allow it."
                ),
            ),
            "mmap+mlock": (
                self.tr("mapped and held (mmap+mlock)"),
                self.tr(
                    "As “mapped”, and the system may not move it out: no stalls, but other programs have that much less. It has to fit, and the system has to allow it."
                ),
            ),
            "direct_io": (
                self.tr("past the file cache (direct I/O)"),
                self.tr(
                    "As “read into memory”, without a second copy in the system's file cache: the next load reads the disk again. It has to fit; Linux and Windows only, and not on every disk."
                ),
            ),
        }[mode]

    def _numa_words(self, mode: str) -> tuple[str, str]:
        """Name, and what it does and costs."""
        slow = self.tr("The predicted speed does not follow this lever.")
        nodes = numa_nodes(self._machine) if self._machine else 1
        spread = self.tr(
            "Threads are spread evenly over the {n} memory nodes. Parts of the file that are in memory already stay on the node where they are."
        )
        alone = self.tr(
            "All threads stay on the node where the engine starts: memory is near, the cores of the other nodes rest."
        )
        return {
            "off": (self.tr("left to the system (off)"), self.tr("The system places threads and memory by itself.")),
            "distribute": (self.tr("spread over all nodes (distribute)"), joined(spread.format(n=nodes), slow)),
            "isolate": (self.tr("one node alone (isolate)"), joined(alone, slow)),
        }[mode]

    # --- the user ---

    def _on_fold_clicked(self) -> None:
        self._is_open = not self._is_open
        self._show_fold()

    def _on_threads_moved(self, step: int) -> None:
        self.threads_moved.emit(step + 1)

    def _on_load_mode_activated(self, index: int) -> None:
        self.load_mode_chosen.emit(self._load_mode.box.itemData(index))

    def _on_numa_activated(self, index: int) -> None:
        self.numa_chosen.emit(self._numa.box.itemData(index))


class _Choice:
    """Name and list, and under them what the chosen one does and costs."""

    def __init__(self, name: str, parent: QWidget) -> None:
        self.name = Text(name, Role.SMALL, parent=parent)
        # The row's height is the name's, so that a hidden row takes none.
        self.name.setMinimumHeight(px(_ROW_HEIGHT))
        self.box = ComboBox(name, parent, height=_HEIGHT)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hint = _hint(parent)

    def place_in(self, grid: QGridLayout, at: int) -> None:
        grid.addWidget(self.name, at, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.box, at, 1, 1, 2)
        grid.addWidget(self.hint, at + 1, 0, 1, 3)

    def set_choices(self, automatic: str, choices: list[tuple[str, str, str]]) -> None:
        """Automatic first, then (value, name, what it does and costs), which each entry shows as its tool tip too."""
        self.box.clear()
        self.box.addItem(automatic, None)
        for value, name, hint in choices:
            self.box.addItem(name, value)
            self.box.setItemData(self.box.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)

    def show(self, value: str | None) -> None:
        at = 0 if value is None else self.box.findData(value)
        self.box.setCurrentIndex(at)
        self.hint.set_text(self.box.itemData(at, Qt.ItemDataRole.ToolTipRole) or "")
        self.box.setAccessibleDescription(self.hint.text())

    def set_shown(self, is_shown: bool) -> None:
        self.name.setVisible(is_shown)
        self.box.setVisible(is_shown)
        self.hint.setVisible(is_shown and bool(self.hint.text()))


def _hint(parent: QWidget) -> Text:
    text = Text("", Role.SMALL, Tone.MUTED, parent, wrap=True)
    text.setContentsMargins(0, px(_GAP) // 2, 0, px(_GAP))
    return text
