"""Model files that the user drops on the window or names: listed where they lie, once their headers say that they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import builtin
from launcher.core.downloads import Installed, Origin
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say
from launcher.downloads.disk import folders
from launcher.downloads.library import scan as library
from launcher.downloads.library.examine import Kind, examine
from launcher.downloads.library.tools.candidate import Candidate, is_regular, set_with

_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of several files and folders.

    Attributes:
        models: listed from now on.
        refused: path and reason of the others.
    """

    models: tuple[Installed, ...]
    refused: tuple[tuple[str, UserError], ...]


def adopt(path: str | Path) -> Installed:
    """List a GGUF file (of a set: any of its files) where it lies; nothing is copied, and nothing of it is ever deleted.

    Raises:
        UserError: "file_not_found", "not_gguf", "incomplete_model", "not_a_model", "already_listed" or "built_in".
    """
    file = Path(path).expanduser().absolute()
    if builtin.is_builtin(file):
        raise builtin.read_only(say("{name} does not need to be added to the library.", name=builtin.SHORT_NAME))
    candidate = _candidate(file)
    found = examine(candidate)
    if found.kind is Kind.BROKEN:
        raise UserError(
            "incomplete_model",
            say("{name} is not complete.", name=file.name),
            found.why,
            (NextStep("Fetch it again where it came from"),),
        )
    if found.kind is Kind.ASIDE:
        raise UserError(
            "not_a_model",
            say("{name} is not a model by itself.", name=file.name),
            "It is a projector, an adapter or a vocabulary that goes with a model.",
        )
    known = _listed(candidate)
    if known is not None:
        raise UserError(
            "already_listed",
            say("{name} is in the library already.", name=file.name),
            say(
                "It is listed as {model} {quant}, from {tool}.", model=known.name, quant=known.quant, tool=known.origin
            ),
            (NextStep("Show it in its folder", "reveal", known.path),),
        )
    folders.add_file(str(candidate.files[0]))
    listed = _listed(candidate)
    if listed is None:  # it vanished in between
        raise _missing(file)
    return listed


def adopt_all(paths: Sequence[str | Path]) -> Adopted:
    """Several files at once, each for itself; a folder is searched for models from now on."""
    models: dict[str, Installed] = {}
    refused: list[tuple[str, UserError]] = []
    for path in paths:
        try:
            here = Path(path).expanduser().absolute()
            for model in adopt_folder(here) if here.is_dir() else _not_twice(here, models):
                models[model.path] = model
        except UserError as error:
            refused.append((str(path), error))
    return Adopted(tuple(models.values()), tuple(refused))


def adopt_folder(folder: str | Path) -> tuple[Installed, ...]:
    """Search a folder for models from now on. Returns those in it.

    Raises:
        UserError: "file_not_found", or "no_models": there is none in it; it is not searched then.
    """
    here = Path(folder).expanduser().absolute()
    if not here.is_dir():
        raise _missing(here)
    is_new = str(here) not in folders.read().searched
    folders.add_searched(str(here))
    inside = tuple(m for m in library.installed() if _is_inside(Path(m.path), here))
    if inside:
        return inside
    if is_new:
        folders.forget_searched(str(here))
    raise UserError(
        "no_models",
        say("{folder} holds no complete model.", folder=here),
        "Models are files that end in .gguf, at most a few folders deep.",
    )


def _candidate(file: Path) -> Candidate:
    if file.exists() and not is_regular(file):  # opening a pipe would wait for ever
        raise _missing(file, say("It is not a regular file."))
    try:
        with file.open("rb") as stream:
            begin = stream.read(len(_MAGIC))
        size = file.stat().st_size
    except OSError as error:
        raise _missing(file, error.strerror) from error
    if begin != _MAGIC and (
        size == 0 or any(begin)
    ):  # zeros: a download that was interrupted, which examine() explains
        raise UserError(
            "not_gguf",
            say("{name} is not a GGUF model.", name=file.name),
            say(
                "Its {size} do not begin with “GGUF”. Models for this program are GGUF files; others (safetensors, MLX, ONNX) "
                "have to be converted first.",
                size=gb(size),
            ),
            (NextStep("Look for a GGUF version of it", "choose_model"),),
        )
    return set_with(file, Origin.FILE) or Candidate(Origin.FILE, (file,))


def _not_twice(file: Path, models: dict[str, Installed]) -> tuple[Installed, ...]:
    """All shards of a set dropped together are one model."""
    if any(str(file) in m.files for m in models.values()):
        return ()
    return (adopt(file),)


def _listed(candidate: Candidate) -> Installed | None:
    real = {file.resolve() for file in candidate.files}
    return next((m for m in library.installed() if real <= {Path(f).resolve() for f in m.files}), None)


def _is_inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())


def _missing(path: Path, why: str | None = None) -> UserError:
    why = why or say("It is not there.")
    return UserError("file_not_found", say("{name} cannot be opened.", name=path.name), f"{path}: {why}")
