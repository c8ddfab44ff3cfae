"""What one start of the program was asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Start(NamedTuple):
    """What one start of the program was asked for.

    Attributes:
        files: absolute paths.
        activation_token: the desktop's permission to come to the front (XDG activation); empty without one.
    """

    files: tuple[str, ...] = ()
    activation_token: str = ""


def start_of(arguments: Sequence[str]) -> Start:
    """Files are named from where this process was started; the running one may have been started anywhere else."""
    return Start(tuple(_path(a) for a in arguments), os.environ.get("XDG_ACTIVATION_TOKEN", ""))


def _path(argument: str) -> str:
    if argument.startswith("file:"):
        from PySide6.QtCore import QUrl

        argument = QUrl(argument).toLocalFile() or argument
    return str(Path(argument).absolute())
