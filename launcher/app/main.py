"""The window's entry: one instance, logging, crash reports, then the window as early as possible."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from types import FrameType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from launcher import __version__
from launcher.app.crash import CrashReporter, set_up_logging
from launcher.app.qt_application import QtApplication
from launcher.app.single_instance import Instance
from launcher.app.start_request import start_of
from launcher.core.paths import APP_ID

APP_NAME = "launcher"
_NO_DISPLAY = """There is no display here to open a window on. In the terminal: launcher chat, launcher --help.
Over a network: ssh -X, or set DISPLAY or WAYLAND_DISPLAY."""


def _quit(number: int, frame: FrameType | None) -> None:
    del number, frame
    QApplication.quit()


def _quit_on_signals() -> None:
    """Runs when Python next gets the GUI thread: at the latest with the next meter reading, half a second later."""
    import signal  # not before the window: it makes names for all signals

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _quit)


def _look_for_garbage() -> None:
    """What the start made stays to the end, so it is not looked through ever again: shorter pauses later."""
    gc.freeze()
    gc.enable()


def _has_display() -> bool:
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(os.environ.get(name) for name in wanted)


def _end_busy_pointer(qt: QApplication) -> None:
    """Tell an X11 desktop that this start is over, which Qt does when a window is shown: one of a pixel, off the screen."""
    sign = QWidget(None, Qt.WindowType.BypassWindowManagerHint | Qt.WindowType.ToolTip)
    sign.setGeometry(-10, -10, 1, 1)
    sign.show()
    qt.processEvents()
    sign.close()


def run_window(argv: list[str]) -> int:
    """Open the window and run until it is closed.

    Args:
        argv: model files to open (paths or file: URLs), `--debug` for logs on stderr.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="launcher", description="Opens the window.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="model files to open")
    parser.add_argument("--debug", action="store_true", help="logs on stderr")
    options = parser.parse_args(argv[1:] if argv[:1] in (["gui"], ["open"]) else argv)
    if not _has_display():
        print(_NO_DISPLAY, file=sys.stderr)  # noqa: T201 - Qt would abort, with a core dump
        return 1
    # Before Qt takes them out of the environment.
    start, startup_id = start_of(options.files), os.environ.get("DESKTOP_STARTUP_ID", "")

    crash_file = set_up_logging(debug=options.debug)
    qt = QtApplication([sys.argv[0]])
    qt.setApplicationName(APP_NAME)
    qt.setApplicationDisplayName("Launcher")
    qt.setApplicationVersion(__version__)
    qt.setDesktopFileName(APP_ID)
    instance = Instance(qt)
    if not instance.claim(start):
        if startup_id and qt.platformName() == "xcb":
            _end_busy_pointer(qt)
        return 0

    from launcher.app.application import Application
    from launcher.app.i18n import install_translation

    install_translation(qt)
    reporter = CrashReporter(qt)
    reporter.install()
    application = Application(reporter, qt)
    instance.other_started.connect(application.open_from_other_start)
    qt.files_opened.connect(application.open_files)
    application.painted.connect(_quit_on_signals)
    application.painted.connect(_look_for_garbage)
    application.painted.connect(instance.listen)
    application.show()
    application.start_when_painted()
    if start.files:
        application.open_files(start.files)
    code = qt.exec()
    instance.close()
    application.close()
    instance.release()
    reporter.uninstall()
    crash_file.close()
    return code
