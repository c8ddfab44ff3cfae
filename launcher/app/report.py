"""What a bug report needs, for the clipboard."""

from __future__ import annotations

import json
import platform

from PySide6.QtCore import QObject, Slot

from launcher import __version__
from launcher.app.steps import copy_text
from launcher.core.errors import UserError
from launcher.core.machine import machine_to_json
from launcher.services.engine_check_service import EngineCheckService
from launcher.services.engine_service import EngineService
from launcher.services.hardware_service import HardwareService


class BugReport(QObject):
    """Version, system and hardware, the engine's last failure, and what its check found."""

    def __init__(
        self, hardware: HardwareService, engine: EngineService, check: EngineCheckService, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._hardware = hardware
        self._check = check
        self._last_error: UserError | None = None
        engine.load_failed.connect(self._on_engine_error)
        engine.crashed.connect(self._on_engine_error)

    @Slot()
    def copy(self) -> None:
        """Put it on the clipboard."""
        machine = self._hardware.machine
        lines = [f"launcher {__version__}", platform.platform(), f"Python {platform.python_version()}"]
        if machine is not None:
            lines.append(json.dumps(machine_to_json(machine), indent=1))
        if self._last_error is not None:
            lines += [self._last_error.code, str(self._last_error), self._last_error.detail]
        for finding in self._check.findings:
            lines += [f"{finding.device} ({finding.description}): {finding.verdict.value}. {finding.detail}"]
            lines += [f"  {word}" for word in finding.last_words]
        copy_text("\n".join(lines))

    @Slot(object)
    def _on_engine_error(self, error: UserError) -> None:
        self._last_error = error
