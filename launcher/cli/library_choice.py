"""Which installed model a word on the command line means."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from launcher.catalog import builtin
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb

_SHOWN = 8


def choose(models: Iterable[Installed], wanted: str, quant: str | None = None) -> Installed:
    """The one model that is meant.

    Args:
        models: what is installed.
        wanted: a path, a model's name or id, a repository, or one of these with ":quantisation".
        quant: only of this quantisation.

    Raises:
        UserError: "not_installed", "ambiguous_model" with what would be clear, or "built_in": that one is not managed.
    """
    known = tuple(models)
    found = [m for m in known if _is_path_of(wanted, m)]
    if not found:
        name, _, in_name = wanted.rpartition(":")
        found = _named(known, wanted, quant) or (_named(known, name, quant or in_name) if name else [])
    if len(found) == 1:
        return found[0]
    if not found and (builtin.is_named(wanted) or builtin.is_builtin(Path(wanted).expanduser())):
        raise builtin.read_only(f"{builtin.SHORT_NAME} is never removed, moved, replaced or repaired.")
    if not found:
        here = ", ".join(f"{m.name} {m.quant}".strip() for m in known[:_SHOWN])
        rest = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        raise UserError(
            "not_installed",
            f"{wanted} {quant or ''}".strip() + " is not installed.",
            f"Installed are: {here}{rest}." if known else "No model is installed yet.",
            (NextStep("See what is here: launcher library"),),
        )
    raise UserError(
        "ambiguous_model",
        f"{wanted} means {len(found)} installed models.",
        "; ".join(f"{m.name} {m.quant}, {gb(m.size_bytes)}, {m.path}" for m in found[:_SHOWN]) + ".",
        (NextStep("Add --quant Q, or name the file's path"),),
    )


def _named(models: Iterable[Installed], name: str, quant: str | None) -> list[Installed]:
    low = name.lower().removeprefix("deepseek-")
    return [
        m
        for m in models
        if low in {n.lower().removeprefix("deepseek-") for n in _names(m)}
        and (not quant or m.quant.lower() == quant.lower())
    ]


def _names(model: Installed) -> tuple[str, ...]:
    return (model.model, model.name, f"{model.name} {model.quant}", model.repo or model.name, Path(model.path).name)


def _is_path_of(wanted: str, model: Installed) -> bool:
    path = Path(wanted).expanduser()
    if str(path.absolute()) in (model.path, *model.files):
        return True
    try:
        return path.is_file() and path.samefile(model.path)
    except OSError:
        return False
