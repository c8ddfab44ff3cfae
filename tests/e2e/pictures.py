"""Pictures of the steps: with E2E_SCREENSHOTS=DIR each one is written there (the README's are made so)."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.e2e.robot import screenshot

_FOLDER = os.environ.get("E2E_SCREENSHOTS")
_MOTIONS_END_S = 0.6


def picture(name: str) -> None:
    """Write NAME.png when pictures are wanted."""
    if _FOLDER:
        time.sleep(_MOTIONS_END_S)
        screenshot(str(Path(_FOLDER) / f"{name}.png"))
