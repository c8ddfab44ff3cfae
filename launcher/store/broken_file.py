"""What becomes of a small file that cannot be read: it is kept beside, never overwritten."""

from __future__ import annotations

import os
import time
from pathlib import Path


def set_aside(path: Path) -> Path:
    """Give the file a name with the time, and return where it is now."""
    kept = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    os.replace(path, kept)
    return kept
