"""The package in a bare system: what it brings along, whether anything is missing, whether the program finds itself well."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.packaging.desk import Desk
from tests.packaging.roots import Session, run_as_root

NAME = "launcher-for-deepseek"
_TOOLS = ("python3", "python", "gcc", "cc", "g++", "make", "cmake", "curl", "wget", "git")


def packages(root: Path) -> dict[str, int]:
    """Every installed package with its size, kB."""
    lines = run_as_root(root, "dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Installed-Size}\\n'").splitlines()
    rows = (line.split("|") for line in lines)
    return {row[1]: int(row[2] or 0) for row in rows if row[0].startswith("ii")}


class Installed:
    """One installation, before any desktop is there."""

    def __init__(self, root: Path, package: Path, shown: Desk) -> None:
        self._root, self._package, self._desk = root, package, shown

    def is_bare(self) -> str:
        """No compiler, Python or network tool is there, and nothing of us."""
        found = [n for n in _TOOLS if any((self._root / p / n).exists() for p in ("usr/bin", "usr/local/bin", "bin"))]
        assert not found, f"there is {found}"
        return f"{len(packages(self._root))} packages; none of {', '.join(_TOOLS)}"

    def install(self) -> str:
        """As a user does it, with only what is a must."""
        before = packages(self._root)
        shutil.copy(self._package, self._root / "tmp/launcher.deb")
        run_as_root(self._root, "apt-get -qq update; apt-get -qq -y install --no-install-recommends /tmp/launcher.deb")
        after = packages(self._root)
        new = set(after) - set(before)
        assert not (self._root / "usr/bin/python3").exists(), "a Python came along"
        others_mb = sum(after[name] for name in new if name != NAME) / 1000
        size_mb = self._package.stat().st_size / 1e6
        return f"{size_mb:.0f} MB, {after[NAME] / 1000:.0f} MB on the disk; {len(new) - 1} other packages ({others_mb:.0f} MB)"

    def libraries(self) -> str:
        """The loader's own view of every file (`ldd`), but for what is used only where it is."""
        script = f"cd /usr/lib/{NAME}; find . -type f \\( -name '*.so*' -o -name launcher \\) | while read -r f; do "
        script += f'LD_LIBRARY_PATH=/usr/lib/{NAME}/_internal ldd "$f" 2>/dev/null | sed -n "s|^\\s*\\(.*\\) => not found|$f needs \\1|p"; done'
        lines = run_as_root(self._root, script).splitlines()
        missing = [
            line for line in lines if "libqgtk3" not in line and "libvulkan" not in line and "readline" not in line
        ]
        assert not missing, "; ".join(missing)
        return f"{len(lines)} optional ones are not there (GTK dialogs, Vulkan, line editing)" if lines else ""

    def doctor(self) -> str:
        """Every check but the hub's, which nobody can reach here."""
        return self._doctor("cpu")

    def doctor_with_vulkan(self) -> str:
        """With Mesa's software card installed, which the engine takes only when it is told to."""
        run_as_root(self._root, "apt-get -qq -y install --no-install-recommends libvulkan1 mesa-vulkan-drivers")
        return self._doctor("vulkan", GGML_VK_VISIBLE_DEVICES="0")

    def _doctor(self, pack: str, **variables: str) -> str:
        session = Session(self._root, self._desk.folder, {})
        try:
            done = session.run("launcher", "doctor", "--json", HF_HUB_OFFLINE="1", seconds=1200, **variables)
            text = done.stdout[done.stdout.index("{") :] if "{" in done.stdout else "{}"
            checks = json.loads(text).get("checks", [])
            bad = [f"{c['name']}: {c['detail']}" for c in checks if not c["ok"]]
            assert checks, done.stdout[-800:]
            assert not bad, "; ".join(bad)
            assert done.returncode == 0, done.returncode
            said = {c["name"]: c["detail"] for c in checks}
            assert said["packs"].startswith(f"{pack} is in use"), said["packs"]
            return f"{len(checks)} checks fine; {said.get('results', '')}"
        finally:
            session.close()

    def add_desktop(self, names: tuple[str, ...]) -> str:
        """A light desktop: window manager, and a file manager that draws the icons."""
        run_as_root(self._root, f"apt-get -qq -y install --no-install-recommends {' '.join(names)}")
        found = subprocess.run(
            ["chroot", str(self._root), "sh", "-c", "command -v python3 gcc"], stdout=subprocess.PIPE, text=True
        )
        return f"{', '.join(names)}; Python or compiler: {found.stdout.strip() or 'none'}"
