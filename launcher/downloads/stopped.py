"""How long work says that it was stopped."""

from __future__ import annotations


class StoppedError(Exception):
    """The user wants a pause, or another connection ended the transfer. Not a failure."""
