"""What stays when the package is replaced, removed and purged: everything in the home folder, and nothing else."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from tests.fakes.hub import FakeHub, Fault
from tests.packaging.desk import Desk
from tests.packaging.installed import NAME, packages
from tests.packaging.roots import USER, Session, digests, listing, run_as_root

_REPO, _FILE, _BYTES = "org/model-GGUF", "model-Q4_K_M.gguf", 60_000_000
# Made by the system's own tools for any package with menu entries, icons or libraries; the last two are the screen's.
_OTHERS = ("usr/share/applications/mimeinfo.cache", "usr/share/icons/hicolor/icon-theme.cache", "usr/share/mime/")


class Kept:
    """One home folder through the life of the package."""

    def __init__(self, root: Path, shown: Desk, package: Path, newer: Path | None, before: set[str]) -> None:
        self._root, self._desk, self._package, self._newer, self._before = root, shown, package, newer, before
        self._home = root / "home" / USER
        self._hub = FakeHub()
        self._hub.__enter__()

    def close(self) -> None:
        """End the hub."""
        self._hub.__exit__()

    def begin_download(self) -> str:
        """Kill the program in the middle of a download."""
        from tests.fakes.gguf_models import make_model

        model = self._desk.folder / "model.gguf"
        make_model(model)
        data = model.read_bytes()
        # A real header, and more weights than its tensors need.
        self._hub.add_file(_REPO, _FILE, data + bytes(range(256)) * ((_BYTES - len(data)) // 256))
        slow = self._hub.fail(Fault("throttle_total", rate_bytes_s=4e6, times=None))
        session = self._online()
        try:
            process = session.start("launcher", "download", f"{_REPO}:{_FILE}", **self._hub.environment())
            end = time.monotonic() + 120
            while self._hub.sent_bytes(f"*{_FILE}") < _BYTES // 3:
                assert time.monotonic() < end, "the download does not run"
                assert process.poll() is None, "the download ended"
                time.sleep(0.1)
        finally:
            session.close()  # kills it
            process.wait(30)
            slow.times = 0
        return f"killed after {self._hub.sent_bytes(f'*{_FILE}') / 1e6:.0f} of {_BYTES / 1e6:.0f} MB"

    def upgrade(self) -> str:
        """The newer package over the older one."""
        assert self._newer is not None
        before = digests(self._home)
        assert any("chats" in name for name in before), "there are no chats to keep"
        old = self._version()
        shutil.copy(self._newer, self._root / "tmp/newer.deb")
        run_as_root(self._root, "apt-get -qq -y install --no-install-recommends /tmp/newer.deb")
        _same(before, digests(self._home))
        assert self._version() != old
        return f"{old} → {self._version()}; {len(before)} files in the home folder, none changed"

    def finish_download(self) -> str:
        """The newer program goes on where the older one was killed."""
        sent_before = self._hub.sent_bytes(f"*{_FILE}")
        self._hub.heal()
        session = self._online()
        try:
            done = session.run("launcher", "download", f"{_REPO}:{_FILE}", "--json", **self._hub.environment())
            assert done.returncode == 0, done.stdout[-1500:]
            found = json.loads(done.stdout[done.stdout.index("{") :])
            sent = self._hub.sent_bytes(f"*{_FILE}") - sent_before
            assert found["resumed_bytes"] > 0, found
            assert sent < _BYTES, sent
            chats = session.run("launcher", "chats", "--json")
            assert chats.returncode == 0, chats.stdout
            return f"{found['resumed_bytes'] / 1e6:.0f} MB were there, {sent / 1e6:.0f} MB came; the chats are read"
        finally:
            session.close()

    def remove(self) -> str:
        """`apt remove`."""
        before = digests(self._home)
        run_as_root(self._root, f"apt-get -qq -y remove {NAME}")
        _same(before, digests(self._home))
        left = self._left()
        assert not left, left
        return f"{len(before)} files in the home folder, none changed; nothing of the package is left"

    def install_again(self) -> str:
        """And once more, from the file."""
        run_as_root(self._root, "apt-get -qq -y install --no-install-recommends /tmp/launcher.deb")
        return self._version()

    def purge(self) -> str:
        """`apt purge --autoremove`, and the desktop that was installed for the proof."""
        before = digests(self._home)
        run_as_root(self._root, f"apt-get -qq -y purge --autoremove {NAME}")
        _same(before, digests(self._home))
        left = self._left()
        assert not left, left
        run_as_root(
            self._root,
            "apt-get -qq -y purge --autoremove icewm pcmanfm shared-mime-info desktop-file-utils dbus libvulkan1 mesa-vulkan-drivers",
        )
        strangers = sorted(p for p in listing(self._root) - self._before if not p.startswith(_OTHERS))
        ours = [p for p in strangers if "launcher" in p or "gguf" in p]
        assert not ours, ours
        return f"none of {len(before)} files changed; against the bare system {len(strangers)} files more, none ours"

    def _left(self) -> list[str]:
        found = [p for p in listing(self._root) if "launcher" in p or "gguf" in p]
        caches = [self._root / place for place in ("usr/share/applications/mimeinfo.cache", "usr/share/mime/globs2")]
        return found + [str(p) for p in caches if p.exists() and "gguf" in p.read_text("utf-8", "replace")]

    def _version(self) -> str:
        return (
            run_as_root(self._root, f"dpkg-query -W -f '${{Version}}' {NAME}").strip()
            if NAME in packages(self._root)
            else ""
        )

    def _online(self) -> Session:
        return Session(self._root, self._desk.folder, {}, has_network=True)


def _same(before: dict[str, str], after: dict[str, str]) -> None:
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert not changed, f"the home folder changed: {changed}"
