"""The window's entry: one instance, logging, crash reports, then the window as early as possible."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from launcher import __version__
from launcher.app.crash import CrashReporter, set_up_logging
from launcher.app.single_instance import InstanceServer, hand_over

APP_NAME = "launcher"


def _quit(number: int, frame: FrameType | None) -> None:
    del number, frame
    QApplication.quit()


def run_window(argv: list[str]) -> int:
    """Open the window and run until it is closed.

    Args:
        argv: `[FILE.gguf]` to open a model file, `--debug` for logs on stderr.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="launcher", description="Opens the window.")
    parser.add_argument("gui", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--debug", action="store_true", help="logs on stderr")
    options, files = parser.parse_known_args(["gui", *(a for a in argv if a != "gui")])

    crash_file = set_up_logging(debug=options.debug)
    qt = QApplication([sys.argv[0]])
    qt.setApplicationName(APP_NAME)
    qt.setApplicationDisplayName("Launcher")
    qt.setApplicationVersion(__version__)
    qt.setDesktopFileName(APP_NAME)
    if hand_over(files):
        return 0

    from launcher.app.application import Application
    from launcher.app.i18n import install_translation

    install_translation(qt)
    reporter = CrashReporter(qt)
    reporter.install()
    application = Application(reporter, qt)
    server = InstanceServer(qt)
    server.listen()
    server.arguments_received.connect(application.open_from_other_start)
    application.show()
    # Services start after the first paint: the window must not wait for drivers, disk or engine.
    QTimer.singleShot(0, application.start)
    if files:
        application.open_file(files[0])
    for number in (signal.SIGINT, signal.SIGTERM):
        # Runs when Python next gets the GUI thread: at the latest with the next meter reading, half a second later.
        signal.signal(number, _quit)
    code = qt.exec()
    application.close()
    reporter.uninstall()
    crash_file.close()
    return code
