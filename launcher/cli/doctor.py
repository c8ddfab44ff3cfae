"""`launcher doctor`: checks what a chat needs, each by doing it; a report to paste."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import math
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from launcher import __version__
from launcher.cli.bars import StepLine
from launcher.cli.output import print_json
from launcher.core import paths
from launcher.core.codec import to_json
from launcher.core.engine_packs import AUTO, BUILT_IN, PackChoice, PackState
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.units import gb, gib

if TYPE_CHECKING:
    from launcher.engine.device_check import DeviceFinding

_HUB_TIMEOUT_S = 5.0
_SMALLEST_MODEL_BYTES = 2 * 10**9
# What Qt's xcb platform plugin needs of the system (its NEEDED entries, less what every desktop or Qt itself brings).
_XCB_LIBRARIES = (
    "libEGL.so.1",
    "libGL.so.1",
    "libfontconfig.so.1",
    "libdbus-1.so.3",
    "libxkbcommon-x11.so.0",
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-render-util.so.0",
)
# The same for its Wayland plugin, which is used where there is no X server.
_WAYLAND_LIBRARIES = (
    "libEGL.so.1",
    "libGL.so.1",
    "libfontconfig.so.1",
    "libdbus-1.so.3",
    "libxkbcommon.so.0",
    "libwayland-client.so.0",
    "libwayland-cursor.so.0",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `next` says what to do; "" when nothing is to be done. `lines` are its parts, for a person."""

    name: str
    ok: bool
    detail: str
    next: str = ""
    lines: tuple[str, ...] = ()


def configure(parser: argparse.ArgumentParser) -> None:
    """What may take long can be left out."""
    parser.add_argument("--quick", action="store_true", help="do not compute on the devices")
    parser.add_argument(
        "--device-seconds",
        type=float,
        metavar="N",
        help="give up a device that takes so long for one step (120, or more where the processor is slow too)",
    )


def run(args: argparse.Namespace) -> int:
    """Check everything; 1 when something failed."""
    packs = _Packs()
    results = _Results(args.device_seconds)
    checks: list[Check] = []
    computing: list[Callable[[], Check]] = [] if args.quick else [results.check, builtin_model]
    for check in (program, packs.check, engine, devices, *computing, home, disk, database, hub, window):
        found = check()
        checks.append(found)
        if not args.json:
            _print(found)
    if args.json:
        packs_found = packs.choice.packs if packs.choice else ()
        print_json(
            {
                "checks": [_to_json(c) for c in checks],
                "packs": [_pack_json(p) for p in packs_found],
                "results": [_result_json(f) for f in results.findings],
            }
        )
    return 0 if all(c.ok for c in checks) else 1


def _print(found: Check) -> None:
    print(f"{'ok  ' if found.ok else 'FAIL'}  {found.name:<10}{found.detail}", flush=True)
    for line in found.lines:
        print(f"                {line}", flush=True)
    if found.next:
        print(f"                Next: {found.next}", flush=True)


def _to_json(check: Check) -> dict[str, object]:
    document: dict[str, object] = {"name": check.name, "ok": check.ok, "detail": check.detail}
    return {**document, "next": check.next} if check.next else document


def program() -> Check:
    """Versions; always fine, because it runs."""
    return Check("program", True, f"launcher {__version__}, Python {platform.python_version()}, {platform.platform()}")


class _Packs:
    """The engine packs, every one of them tried again."""

    def __init__(self) -> None:
        self.choice: PackChoice | None = None

    def check(self) -> Check:
        """One is in use, and it is the one that the settings ask for."""
        from launcher.engine import pack_choice

        choice = self.choice = pack_choice.current(fresh=True)
        lines = tuple(f"{p.name:<11} {p.use.value:<9} {', '.join(p.backends)}: {p.reason}" for p in choice.packs)
        used = choice.in_use
        if used is None:
            return Check("packs", False, "no engine libraries work here", "Install the launcher again", lines)
        detail = f"{used.name} is in use, of {len(choice.packs)}"
        if choice.wanted in (AUTO, used.name):
            return Check("packs", True, detail, lines=lines)
        advice = "Choose another engine in Settings, or set engine.pack to auto"
        return Check("packs", False, f"{detail}; the settings ask for {choice.wanted}", advice, lines)


def _pack_json(pack: PackState) -> dict[str, object]:
    """The binding's own libraries have its version."""
    from launcher.engine.packs import binding_version

    document: dict[str, object] = to_json(pack)
    return {**document, "version": binding_version()} if pack.name == BUILT_IN else document


class _Results:
    """What every device computes, beside the processor."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.findings: tuple[DeviceFinding, ...] = ()

    def check(self) -> Check:
        """Small models give the same logits everywhere."""
        from launcher.engine.device_check import check_devices
        from launcher.engine.devices import engine_info

        line = StepLine("results")
        try:
            self.findings = check_devices(engine_info(), on_progress=line.show, deadline_s=self._seconds)
        except UserError as error:
            advice = "; ".join(s.label for s in error.next_steps)
            return Check("results", False, f"not checked: {error.what} {error.why}", advice)
        finally:
            line.clear()
        lines = [f"{f.device:<11} {f.verdict.value:<15} {f.detail}" for f in self.findings]
        lines = [line for f, head in zip(self.findings, lines, strict=True) for line in (head, *_said(f))]
        bad = [f.device for f in self.findings if not f.is_ok]
        if not bad:
            return Check(
                "results", True, f"{len(self.findings)} of {len(self.findings)} compute rightly", lines=tuple(lines)
            )
        detail = f"{', '.join(bad)}: do not use before this is solved"
        return Check("results", False, detail, "Report it with these lines", tuple(lines))


def _said(finding: DeviceFinding) -> list[str]:
    return [f"    {word}" for word in (finding.advice, *finding.last_words) if word]


def _result_json(finding: DeviceFinding) -> dict[str, object]:
    """Errors that are no number are null."""
    document: dict[str, object] = to_json(finding)
    document["cases"] = [
        {**to_json(c), "error": c.error if math.isfinite(c.error) else None, "ok": not c.is_wrong}
        for c in finding.cases
    ]
    return document


def engine() -> Check:
    """The worker starts, its libraries load, and their structs are the expected ones (checked by the worker itself)."""
    from launcher.engine.devices import engine_info

    try:
        info = engine_info()
    except UserError as error:
        lines = [error.what, error.why, *error.detail.splitlines()[-5:]]
        return Check("engine", False, " ".join(lines), "; ".join(s.label for s in error.next_steps))
    return Check(
        "engine",
        True,
        f"{info.engine_version}, started in {info.start_seconds:.1f} s, from {info.library_path} ({info.system_info})",
    )


def devices() -> Check:
    """Every graphics device of the machine can be used by the engine."""
    machine = _machine()
    lines = [
        f"{d.name} ({d.description}, {gib(d.total_bytes)}, {gib(d.free_bytes)} free)" for d in machine.engine_devices
    ]
    unused = [g.name for g in machine.gpus if g.engine_device is None]
    notes = [*machine.notes, *(n for g in machine.gpus for n in g.notes)]
    detail = "; ".join([", ".join(lines) or "the engine lists none", *notes])
    if unused:
        return Check(
            "devices",
            False,
            f"{detail}; not used by this engine: {', '.join(unused)}",
            "Install an engine build for that card",
        )
    return Check("devices", bool(lines), detail)


@cache
def _machine() -> Machine:
    from launcher import hardware
    from launcher.engine.devices import list_devices

    with contextlib.suppress(UserError):  # the engine's own check says why
        return hardware.probe(list_devices())
    return hardware.probe(())


def builtin_model() -> Check:
    """The built-in model answers rightly, loaded as a chat loads it: worker, plan, template, decoding and text in one."""
    from launcher.cli.builtin_check import ask
    from launcher.cli.chat_terminal import Quit

    try:
        detail = ask()
    except Quit:
        raise KeyboardInterrupt from None
    except UserError as error:
        return Check("built-in", False, f"{error.what} {error.why}", "; ".join(s.label for s in error.next_steps))
    return Check("built-in", True, detail)


def home() -> Check:
    """Our folders can be written."""
    folders: list[str] = []
    for folder in (paths.data_dir, paths.config_dir, paths.cache_dir, paths.log_dir):
        try:
            path = folder()
            with tempfile.TemporaryFile(dir=path) as file:
                file.write(b"x")
        except OSError as error:
            return Check("home", False, str(error), "Make this folder writable, or set LAUNCHER_HOME to another one")
        folders.append(str(path))
    return Check("home", True, ", ".join(folders))


def disk() -> Check:
    """There is room for at least the smallest useful model."""
    from launcher.downloads.library import scan as library

    try:
        use = library.disk_use()
    except (OSError, UserError) as error:
        return Check("disk", False, str(error), "Set HF_HOME to a folder on another disk")
    detail = f"{use.folder}: {gb(use.free_bytes)} free of {gb(use.total_bytes)}, models {gb(use.models_bytes)}"
    if use.partial_bytes:
        detail += f", unfinished downloads {gb(use.partial_bytes)}"
    if use.free_bytes < _SMALLEST_MODEL_BYTES:
        return Check("disk", False, detail, f"Free {gb(_SMALLEST_MODEL_BYTES)} or more, or set HF_HOME to another disk")
    return Check("disk", True, detail)


def database() -> Check:
    """SQLite can search text (FTS5), which the conversation list needs."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        except sqlite3.OperationalError as error:
            return Check(
                "database", False, f"SQLite {sqlite3.sqlite_version}: {error}", "Use a Python whose SQLite has FTS5"
            )
    return Check("database", True, f"SQLite {sqlite3.sqlite_version} with FTS5")


def hub() -> Check:
    """The hub's address answers; any HTTP status counts, because the question is whether there is a way there."""
    import httpx2

    from launcher.catalog import hub_errors, network

    address = network.endpoint()
    reason = network.offline_reason()
    if reason is not None:
        name = "offline mode" if reason == "settings" else reason
        return Check("hub", True, f"{address} is not asked: {name} is set")
    failed = "Run `launcher network test`; installed models work as always"
    if not address.startswith(("http://", "https://")):
        return Check("hub", False, f"HF_ENDPOINT is {address!r}, which is not an http(s) address", failed)
    try:
        status = network.session().head(address, timeout=_HUB_TIMEOUT_S).status_code
    except UserError as error:
        return Check("hub", False, str(error), failed)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        known = hub_errors.user_error(error, address, "", timeout_s=_HUB_TIMEOUT_S)
        return Check("hub", False, f"{address} does not answer: {known or error}", failed)
    return Check("hub", True, f"{address} answers (HTTP {status})")


def window() -> Check:
    """What the window needs is here, by name: Qt itself is not started."""
    if importlib.util.find_spec("PySide6") is None:
        return Check("window", False, "PySide6 is not installed; commands work", "Install the launcher again")
    if not sys.platform.startswith("linux"):
        return Check("window", True, "PySide6 is installed")
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return Check("window", True, "no display here: the window cannot open, commands work")
    libraries = _XCB_LIBRARIES if os.environ.get("DISPLAY") else _WAYLAND_LIBRARIES
    missing = [name for name in libraries if not _can_load(name)]
    if missing:
        return Check(
            "window",
            False,
            f"missing: {', '.join(missing)}",
            "Install these libraries with the system's package manager",
        )
    return Check("window", True, "PySide6 and its platform libraries are here")


def _can_load(name: str) -> bool:
    load: Callable[[str], object] = ctypes.CDLL
    try:
        load(name)
    except OSError:
        return False
    return True
