"""`launcher library list`: every installed model, whoever put it there, with what it takes, whether it runs here and when it was used."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from launcher.catalog import builtin
from launcher.cli.output import print_json, table
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.paths import data_dir
from launcher.core.plans import Plan, Wishes
from launcher.core.units import duration, gb
from launcher.downloads.library import scan as library

_HEADER = ("model", "quant", "size", "architecture", "from", "runs here", "verified", "last used", "path")


def run_list(*, as_json: bool, with_fit: bool) -> int:
    """Print the list, and what is broken."""
    models, broken = library.scan()
    models = with_last_use(models)
    plans = _plans(models) if with_fit and models else {}
    if as_json:
        # Broken files are no models: they are listed by `launcher library broken`.
        print_json([to_json(m, plans.get(m.path), older=m.path in older(models)) for m in models])
        return 0
    if models:
        old = older(models)
        rows = [_row(m, plans.get(m.path), with_fit=with_fit, is_older=m.path in old) for m in models]
        print(table(_HEADER, rows, frozenset({2})))
    else:
        print("No models are installed. `launcher recommend` says which one fits this machine.")
    if broken:
        print("\nNot usable:")
        print(
            table(
                ("", "size", "from", "path", "why"), [("", gb(b.size_bytes), b.origin, b.path, b.why) for b in broken]
            )
        )
    if here := builtin.installed():
        print(f"\nBeside them: {here.name} {here.quant}, {gb(here.size_bytes)}: {builtin.label()}; {here.path}")
    use = library.disk_use(models)
    partial = f", unfinished downloads {gb(use.partial_bytes)}" if use.partial_bytes else ""
    print(f"{use.folder}: models {gb(use.models_bytes)}{partial}, free {gb(use.free_bytes)} of {gb(use.total_bytes)}")
    return 0


def run_broken(*, as_json: bool) -> int:
    """Print the model files that are incomplete or damaged."""
    found = library.broken()
    if as_json:
        print_json([{"path": b.path, "bytes": b.size_bytes, "origin": b.origin, "why": b.why} for b in found])
    elif found:
        print(table(("size", "from", "path", "why"), [(gb(b.size_bytes), b.origin, b.path, b.why) for b in found]))
    else:
        print("Every model file that was found is complete.")
    return 0


def to_json(model: Installed, plan: Plan | None = None, *, older: bool = False) -> dict[str, object]:
    """The entry of design section 4.2, and more."""
    return {
        "model": model.model,
        "name": model.name,
        "quant": model.quant,
        "path": model.path,
        "bytes": model.size_bytes,
        "architecture": model.architecture,
        "origin": model.origin,
        "verified": model.verified,
        "repo": model.repo,
        "revision": model.revision,
        "pinned": model.pinned,
        "older_revision": older,
        "files": model.files,
        "installed_at": _iso(model.installed_unix_s),
        "last_used_at": _iso(model.last_used_unix_s),
        "fits": None if plan is None else plan.fits,
        "decode_tokens_s": None if plan is None or not plan.fits else plan.speed.decode_tokens_s,
    }


def with_last_use(models: tuple[Installed, ...]) -> tuple[Installed, ...]:
    """When each was last loaded: by its path, else (it was moved since) by its name."""
    from launcher.store.loads import LoadHistory

    path = data_dir() / "loads.sqlite"
    if not path.is_file():
        return models
    with closing(LoadHistory(path)) as history:
        loads = history.last_loads()
    here = {m.path for m in models}
    by_path = {load.path: load.loaded_at for load in reversed(loads) if load.path}
    by_name = {(load.model, load.quant): load.loaded_at for load in reversed(loads) if load.path not in here}
    return tuple(replace(m, last_used_unix_s=by_path.get(m.path) or by_name.get((m.name, m.quant))) for m in models)


def older(models: tuple[Installed, ...]) -> set[str]:
    """Paths of those of ours of which a newer revision is here too."""
    newest: dict[tuple[str | None, str, str], Installed] = {}
    for m in (m for m in models if m.is_ours):
        key = (m.repo, m.quant, Path(m.path).name)
        other = newest.get(key)
        if other is None or (m.installed_unix_s or 0) > (other.installed_unix_s or 0):
            newest[key] = m
    kept = {m.path for m in newest.values()}
    return {m.path for m in models if m.is_ours and m.path not in kept}


def _plans(models: tuple[Installed, ...]) -> dict[str, Plan]:
    """How each would run here now, estimated; those that the planner does not know are left out."""
    from launcher.cli.machines import this_machine

    machine = this_machine()
    plans: dict[str, Plan] = {}
    for model in models:
        # Not of an architecture that the engine loads, or a header that makes no sense (no layers): one strange file of
        # another program must not hide the list.
        with suppress(UserError, OSError, ArithmeticError):
            plans[model.path] = _plan(machine, model)
    return plans


def _plan(machine: Machine, model: Installed) -> Plan:
    from launcher import catalog, planner
    from launcher.catalog import gguf
    from launcher.catalog.facts import facts_of

    with suppress(UserError):
        variant = catalog.load().find(model.model)
        quant = variant.quant(model.quant)
        if quant is not None and quant.facts is not None:
            return planner.plan(machine, variant, quant, Wishes())
    headers = gguf.read_set(Path(model.path))
    return planner.plan_file(
        machine, facts_of(headers), model.path, model.name, model.quant, model.size_bytes, Wishes()
    )


def _row(model: Installed, plan: Plan | None, *, with_fit: bool, is_older: bool) -> tuple[str, ...]:
    runs = "" if not with_fit else "unknown" if plan is None else "no"
    if plan is not None and plan.fits:
        runs = f"~{plan.speed.decode_tokens_s:.0f} tokens/s" if plan.speed.decode_tokens_s >= 1 else "under 1 token/s"
    notes = [n for n, is_so in (("pinned", model.pinned), ("older revision", is_older)) if is_so]
    name = f"{model.name} ({', '.join(notes)})" if notes else model.name
    return (
        name,
        model.quant or "unknown",
        gb(model.size_bytes),
        model.architecture,
        model.origin,
        runs,
        "yes" if model.verified else "not checked",
        _ago(model.last_used_unix_s),
        model.path,
    )


def _ago(unix_s: float | None) -> str:
    if unix_s is None:
        return "never"
    seconds = max(0.0, time.time() - unix_s)
    days = int(seconds // 86400)
    return f"{days} day{'s' if days > 1 else ''} ago" if days else f"{duration(max(1, seconds))} ago"


def _iso(unix_s: float | None) -> str | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="seconds")
