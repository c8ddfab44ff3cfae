"""The installed program in the hands of an ordinary user: double-clicks with a real pointer, questions with real keys."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from launcher.catalog import builtin
from tests.e2e.robot import Robot, press_key, type_text
from tests.fakes.gguf_models import make_model
from tests.packaging.desk import Desk
from tests.packaging.roots import UID, USER, Session

NAME = "launcher-for-deepseek"
TITLE = "^Launcher$"
_MODELS = {"my model.gguf": (100, 260), "another.gguf": (100, 420)}
_OTHER_NAME = "Storyteller"
_ICON_AT = (100, 100)
_FIRST_IN_WINDOW = (529, 222)
"""The first icon, which is another.gguf, in a window of 900 x 600 at 320, 100."""
# Where the middle of an icon is from the place that the desktop keeps for it.
_MIDDLE = (58, 30)
_FM_CONFIG = "[config]\nquick_exec=1\nsingle_click=0\n"
_DESKTOP_CONFIG = "[*]\nwallpaper_mode=color\ndesktop_bg=#2d4f63\ndesktop_fg=#ffffff\ndesktop_shadow=#000000\nshow_documents=0\nshow_trash=0\nshow_mounts=0\n"


class Used:
    """One user at one desktop."""

    def __init__(self, root: Path, shown: Desk, pictures: Path) -> None:
        self._root, self._desk, self._pictures = root, shown, pictures
        self._home = root / "home" / USER
        self._fill_desktop()
        self._session = Session(root, shown.folder, shown.variables)
        self._session.start("icewm")
        self._wait(lambda: self._desk.xdotool("search", "--class", "icewm") or True, 1)
        self._session.start("pcmanfm", "--desktop")
        self._robot: Robot | None = None

    def _fill_desktop(self) -> None:
        """The menu entry and two models lie on the desktop, each at a known place."""
        desktop = self._home / "Desktop"
        desktop.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._root / f"usr/share/applications/{NAME}.desktop", desktop)
        (desktop / f"{NAME}.desktop").chmod(0o755)
        shutil.copy(builtin.path(), desktop / "my model.gguf")
        make_model(desktop / "another.gguf", name=_OTHER_NAME)
        settings = self._home / ".config"
        places = {f"{NAME}.desktop": _ICON_AT, **_MODELS}
        items = "".join(f"[{name}]\nx={x}\ny={y}\n\n" for name, (x, y) in places.items())
        for name, text in {
            "libfm/libfm.conf": _FM_CONFIG,
            "pcmanfm/default/desktop-items-0.conf": _DESKTOP_CONFIG,
            "pcmanfm/desktop-items-0.conf": _DESKTOP_CONFIG + items,
            "pcmanfm/default/desktop-items-0.conf ": "",
        }.items():
            if text:
                (settings / name).parent.mkdir(parents=True, exist_ok=True)
                (settings / name).write_text(text)
        (settings / "pcmanfm/default/desktop-items-0.conf").write_text(_DESKTOP_CONFIG + items)
        for folder, _folders, files in os.walk(self._home):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                os.lchown(path, UID, UID)

    # --- proofs

    def start_by_icon(self) -> str:
        """The window comes by a double-click on the icon."""
        self._wait_for_icons()
        self._desk.picture(self._pictures / "1-desktop.png")
        began = time.monotonic()
        self._double_click(_ICON_AT)
        assert self._wait(lambda: self._desk.windows(TITLE), 120), "no window came"
        seconds = time.monotonic() - began
        robot = self._find_robot()
        robot.wait_for("Home", seconds=60)
        robot.wait_for(builtin.try_words(builtin.require().size_bytes), role="push button", seconds=60)
        self._desk.picture(self._pictures / "2-window.png")
        return f"window after {seconds:.1f} s"

    def answer_of_the_builtin_model(self) -> str:
        """One press, a typed question, the right answer."""
        robot = self._find_robot()
        began = time.monotonic()
        robot.wait_for(builtin.try_words(builtin.require().size_bytes), role="push button").click()
        robot.wait_for(builtin.knows(), seconds=90)
        answer = self._ask(builtin.PROOF.question, builtin.PROOF.answer)
        self._desk.picture(self._pictures / "3-answer.png")
        return f"“{builtin.PROOF.question}” → “{answer}”, {time.monotonic() - began:.1f} s after the press"

    def second_start(self) -> str:
        """The running window comes to the front, out of the panel and from behind another window."""
        number = self._desk.windows(TITLE)[0]
        self._desk.xdotool("windowminimize", str(number))
        assert self._wait(lambda: not self._desk.windows(TITLE), 10)
        before = self._session.processes("launcher")
        self._double_click(_ICON_AT)
        assert self._wait(lambda: self._desk.windows(TITLE), 60), "it stays minimised"
        assert self._wait(lambda: self._desk.active_window() == "Launcher", 10), self._desk.active_window()
        # Beside the icon; then another window over it, which has the keyboard.
        self._place("Launcher", 280, 60, 980, 660)
        self._session.start("pcmanfm", f"/home/{USER}/Desktop")
        assert self._wait(lambda: self._desk.active_window() == "Desktop", 60), self._desk.active_window()
        self._place("Desktop", 320, 100, 900, 600)
        self._desk.picture(self._pictures / "4-covered.png")
        self._double_click(_ICON_AT)
        assert self._wait(lambda: self._desk.active_window() == "Launcher", 60), self._desk.active_window()
        assert self._wait(lambda: self._session.processes("launcher") == before, 20), "another process stays"
        assert len(self._desk.windows(TITLE)) == 1
        self._desk.picture(self._pictures / "5-raised.png")
        return f"one window, raised; {len(before)} processes as before"

    def start_by_file(self) -> str:
        """A model file on the desktop opens the program, and it can be chatted with."""
        self._close_launcher()
        self._session.end("pcmanfm")
        self._session.start("pcmanfm", "--desktop")
        self._wait_for_icons()
        began = time.monotonic()
        self._double_click(_MODELS["my model.gguf"])
        assert self._wait(lambda: self._desk.windows(TITLE), 120), "no window came"
        robot = self._find_robot()
        robot.wait_for("Message", seconds=90)
        robot.wait_for(contains=builtin.SHORT_NAME, seconds=60)  # from its header, whatever the file is called
        answer = self._ask(builtin.PROOF.question, builtin.PROOF.answer)
        self._desk.picture(self._pictures / "6-model-file.png")
        return f"“{builtin.PROOF.question}” → “{answer}”, {time.monotonic() - began:.1f} s after the double-click"

    def file_while_running(self) -> str:
        """Another model file, double-clicked in a window of the file manager, goes to the window behind it, which comes to the front."""
        self._session.start("pcmanfm", f"/home/{USER}/Desktop")
        assert self._wait(lambda: self._desk.active_window() == "Desktop", 60), self._desk.active_window()
        self._place("Desktop", 320, 100, 900, 600)
        self._desk.double_click(*_FIRST_IN_WINDOW)
        assert self._wait(lambda: self._desk.active_window() == "Launcher", 60), self._desk.active_window()
        robot = self._find_robot()
        robot.wait_for(contains=_OTHER_NAME, seconds=90)
        robot.wait_for("Ready", seconds=90)
        assert len(self._desk.windows(TITLE)) == 1
        self._desk.picture(self._pictures / "7-another-file.png")
        self._close_launcher()
        return "in a window of the file manager; the running window takes it and comes to the front"

    def close(self) -> None:
        """End the desktop."""
        if self._robot is not None:
            self._robot.close()
        self._session.close()

    # --- hands

    def _wait_for_icons(self) -> None:
        assert self._wait(lambda: self._desk.xdotool("search", "--onlyvisible", "--class", "pcmanfm"), 90), "no desktop"
        time.sleep(5)  # it draws its icons

    def _place(self, name: str, x: int, y: int, width: int, height: int) -> None:
        """Give the active window, which has that name, a place on the screen."""
        assert self._desk.active_window() == name, self._desk.active_window()
        self._desk.xdotool("getactivewindow", "windowsize", str(width), str(height), "windowmove", str(x), str(y))
        time.sleep(1)  # it is drawn anew

    def _double_click(self, place: tuple[int, int]) -> None:
        self._desk.double_click(place[0] + _MIDDLE[0], place[1] + _MIDDLE[1])

    def _find_robot(self) -> Robot:
        if self._robot is None:
            self._robot = self._desk.robot()
        robot = self._robot
        assert robot.wait_until(robot.application, 60), "it is not on the accessibility bus"
        return robot

    def _ask(self, question: str, wanted: str) -> str:
        robot = self._find_robot()
        before = len(robot.find_all("Answer"))
        robot.wait_for("Message").click()
        type_text(question)
        press_key("Return")

        def answer() -> str:
            found = [node.description for node in robot.find_all("Answer")]
            return found[-1] if len(found) > before and wanted in found[-1] and robot.find("Send") else ""

        said = robot.wait_until(answer, 120)
        assert said, robot.tree()
        return wanted

    def _close_launcher(self) -> None:
        for number in self._desk.windows(TITLE):
            self._desk.xdotool("windowactivate", "--sync", str(number), "key", "ctrl+q")
        assert self._wait(lambda: not self._session.processes("launcher"), 60), "it does not end"

    def _wait(self, condition: Callable[[], object], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True
