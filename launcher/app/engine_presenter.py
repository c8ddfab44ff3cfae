"""The engine packs in the window: what is in use on This PC, all of them with their reasons in Settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from launcher.core.engine_packs import PackChoice
from launcher.core.machine import Machine
from launcher.engine import pack_choice
from launcher.services.hardware_service import HardwareService
from launcher.services.tasks import TaskRunner
from launcher.ui.thispc import ThisPcPage

if TYPE_CHECKING:
    from launcher.ui.settings.engine_choice import EngineChoice


class EnginePresenter(QObject):
    """Asks which pack was chosen whenever the machine was read: that started a worker, so the choice is made by then."""

    def __init__(self, page: ThisPcPage, hardware: HardwareService, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._hardware = hardware
        self._section: EngineChoice | None = None
        self._choice: PackChoice | None = None
        self._tasks = TaskRunner("engine-packs", self, serial=True)
        hardware.machine_probed.connect(self._on_machine_probed)
        page.look_again_requested.connect(pack_choice.forget)

    def set_section(self, section: EngineChoice) -> None:
        """Connect the part of the Settings page, which is made when it is first shown."""
        self._section = section
        if self._choice is not None:
            section.set_packs(self._choice)

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()

    @Slot()
    def on_pack_changed(self) -> None:
        """Another one is wanted: try it now, and read its devices."""
        if self._hardware.machine is not None:
            self._hardware.probe()

    @Slot(object)
    def _on_machine_probed(self, machine: Machine) -> None:
        del machine  # the choice is made once it is known
        self._tasks.run(pack_choice.current, self._on_chosen)

    def _on_chosen(self, choice: PackChoice) -> None:
        self._choice = choice
        self._page.set_engine_pack(choice.in_use)
        if self._section is not None:
            self._section.set_packs(choice)
