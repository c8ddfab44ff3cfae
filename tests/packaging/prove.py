"""Proves the installed program in bare systems: `python -m tests.packaging.prove dist/*.deb --newer NEXT.deb` prints a table.

Not part of the test run: it needs root, debootstrap, Xvfb, xdotool, ImageMagick and the Debian or Ubuntu archive (about 1 GB and 10 minutes
for a release). Everything that the program itself does happens as an ordinary user, without compiler, Python or network.
The upgrade needs a second package of a higher version: `python packaging/linux/deb.py dist/launcher --version 0.2.0 --out build/next`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.packaging.desk import desk
from tests.packaging.installed import Installed
from tests.packaging.kept import Kept
from tests.packaging.roots import SUITES, Suite, fresh_root, listing
from tests.packaging.used import Used


def main(arguments: Sequence[str]) -> int:
    """Run the proofs of each release; returns 1 when one failed."""
    parser = argparse.ArgumentParser(prog="prove", description="Prove the Debian package in bare systems.")
    parser.add_argument("package", type=Path)
    parser.add_argument("--newer", type=Path, metavar="PACKAGE", help="of a higher version, for the upgrade")
    parser.add_argument("--suites", default="bookworm,noble", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "launcher-proof", metavar="FOLDER")
    parser.add_argument("--again", action="store_true", help="go on in the systems as the last run left them")
    parser.add_argument("--only", default="", help="parts, by their first words, separated by commas")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every session is ended
    rows: list[tuple[str, str, str, str]] = []
    for name in options.suites.split(","):
        rows += _prove(SUITES[name], options.package.resolve(), options.newer, options.work.resolve(), options)
    print("\n| system | what | result | |\n| --- | --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return 1 if any(row[2] != "yes" for row in rows) else 0


def _prove(
    suite: Suite, package: Path, newer: Path | None, work: Path, options: argparse.Namespace
) -> list[tuple[str, str, str, str]]:
    rows: list[tuple[str, str, str, str]] = []

    def step(what: str, do: Callable[[], str]) -> None:
        if options.only and not any(what.startswith(word) for word in options.only.split(",")):
            return
        began = time.monotonic()
        try:
            detail, result = do(), "yes"
        except Exception as error:  # noqa: BLE001 - one proof must not hide the next
            traceback.print_exc()
            detail, result = str(error).strip().splitlines()[0][:200] if str(error) else type(error).__name__, "NO"
        rows.append((suite.title, what, result, detail))
        print(f"[{time.monotonic() - began:6.1f} s] {suite.title}: {what}: {result} {detail}", flush=True)

    pictures = work / "pictures" / suite.name
    root = work / suite.name if options.again else fresh_root(suite, work)
    bare = work / f"base-{suite.name}"
    before = listing(bare)
    with desk(work / f"desk-{suite.name}") as shown:
        installed = Installed(root, package, shown)
        step("bare system", installed.is_bare)
        step("apt install", installed.install)
        step("every library is found", installed.libraries)
        step("doctor on the processor", installed.doctor)
        step("desktop", lambda: installed.add_desktop(suite.desktop))
        used = Used(root, shown, pictures)
        try:
            step("double-click on the desktop icon", used.start_by_icon)
            step("the built-in model answers", used.answer_of_the_builtin_model)
            step("second double-click while it runs", used.second_start)
            step("double-click on a model file", used.start_by_file)
            step("double-click on another one while it runs", used.file_while_running)
        finally:
            used.close()
        step("doctor on a graphics card (lavapipe)", installed.doctor_with_vulkan)
        kept = Kept(root, shown, package, newer, before)
        try:
            if newer is not None:
                step("half-finished download", kept.begin_download)
                step("upgrade", kept.upgrade)
                step("the download goes on", kept.finish_download)
            step("removal", kept.remove)
            step("installed again", kept.install_again)
            step("purge", kept.purge)
        finally:
            kept.close()
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
