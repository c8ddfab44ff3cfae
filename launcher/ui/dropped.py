"""What files are for, told from their names: nothing is read while they hover over the window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_TABLES = frozenset({".csv", ".tsv"})
_DOCUMENTS = frozenset({".pdf", ".docx"})
_TEXTS = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".text", ".log"})
# Neither text nor a model; they are refused with the reason when they are dropped nevertheless.
_UNREADABLE = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".heic",
        ".ico",
        ".mp3",
        ".wav",
        ".flac",
        ".ogg",
        ".m4a",
        ".mp4",
        ".mkv",
        ".mov",
        ".avi",
        ".webm",
        ".exe",
        ".dll",
        ".so",
        ".dylib",
        ".iso",
        ".bin",
        ".7z",
        ".rar",
        ".gz",
        ".xz",
        ".xlsx",
        ".pptx",
        ".odt",
        ".doc",
        ".xls",
        ".ppt",
    ]
)


class DropKind(Enum):
    """What a file is taken for. The library looks itself at what has no ending: a folder, or a model under another name."""

    LIBRARY = "library"
    CHATS = "chats"
    TEXT = "text"
    TABLE = "table"
    DOCUMENT = "document"
    SOURCE = "source"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Dropped:
    """Paths by where they go."""

    library: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    message: tuple[str, ...] = ()


def kind_of(path: str) -> DropKind:
    """What a file is for."""
    name = Path(path).name.lower()
    suffix = Path(name).suffix
    if suffix in ("", ".gguf"):
        return DropKind.LIBRARY
    if (
        suffix == ".zip"
        or name.endswith(".conversation.json")
        or (name.startswith("conversations") and suffix == ".json")
    ):
        return DropKind.CHATS
    kinds = (
        (_TABLES, DropKind.TABLE),
        (_DOCUMENTS, DropKind.DOCUMENT),
        (_TEXTS, DropKind.TEXT),
        (_UNREADABLE, DropKind.UNREADABLE),
    )
    known = next((kind for endings, kind in kinds if suffix in endings), None)
    if known is None:  # "DeepSeek-V2.5" is a folder, "main.rs" is source
        return DropKind.LIBRARY if Path(path).is_dir() else DropKind.SOURCE
    return known


def sorted_out(paths: tuple[str, ...]) -> Dropped:
    """Where each of them goes."""
    kinds = [(path, kind_of(path)) for path in paths]
    to_others = (DropKind.LIBRARY, DropKind.CHATS)
    return Dropped(
        tuple(path for path, kind in kinds if kind is DropKind.LIBRARY),
        tuple(path for path, kind in kinds if kind is DropKind.CHATS),
        tuple(path for path, kind in kinds if kind not in to_others),
    )
