"""What happens when the program itself is wrong: a log, a report the user can read and copy, never a silent end."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, Slot, qInstallMessageHandler, qVersion

from launcher import __version__
from launcher.app.log_file import LogFile
from launcher.core.paths import log_dir

_log = logging.getLogger("launcher.app")


def set_up_logging(*, debug: bool) -> TextIO:
    """Log to a rotating file (and to stderr with debug); native crashes write their stack beside it.

    Returns:
        The open crash file, which must stay open as long as the program runs.
    """
    handlers: list[logging.Handler] = [LogFile(log_dir() / "launcher.log", most_bytes=1_000_000, n_older=3)]
    if debug:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        handlers=handlers,
        force=True,
    )
    if debug:  # ours only: the parser and the HTTP client write a line per rule and per header
        logging.getLogger("launcher").setLevel(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    crash_file = (log_dir() / "crash.log").open("a", encoding="utf-8")
    faulthandler.enable(crash_file)
    return crash_file


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    del context
    level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}.get(kind, logging.WARNING)
    logging.getLogger("launcher.qt").log(level, "%s", text)


class CrashReporter(QObject):
    """Collects unexpected exceptions from every thread; each traceback is reported once.

    Signals:
        crashed(str): a report to show; delivered in the GUI thread.
    """

    crashed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._seen: set[str] = set()
        self._raised.connect(self._on_raised, Qt.ConnectionType.QueuedConnection)

    _raised = Signal(str)

    def install(self) -> None:
        """Take over the exception hooks of this process."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        qInstallMessageHandler(_qt_message)

    def uninstall(self) -> None:
        """Give the hooks back (the window is closing)."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        qInstallMessageHandler(None)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _log.error("unexpected exception\n%s", text)
        self._raised.emit(text)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    @Slot(str)
    def _on_raised(self, text: str) -> None:
        if text in self._seen:
            return
        import platform  # only for reports

        self._seen.add(text)
        self.crashed.emit(
            f"launcher {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}\n\n{text}"
        )
