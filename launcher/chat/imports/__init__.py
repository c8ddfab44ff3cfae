"""Chats of other programs, and our own exports: untrusted files turned into conversations, or refused with a reason."""

from launcher.chat.imports.found import Imported, LeftOut, Source
from launcher.chat.imports.reading import read_file

__all__ = ["Imported", "LeftOut", "Source", "read_file"]
