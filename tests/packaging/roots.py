"""Bare systems to install packages in: debootstrap makes them, namespaces keep them apart from this machine. Needs root."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

USER, UID = "anna", 1000
_UBUNTU_KEYS = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
_SCRIPTS = Path("/usr/share/debootstrap/scripts")
# What changes by itself when packages come and go; neither ours nor anybody's loss.
_CACHES = (
    "dev/", "proc/", "sys/", "run/", "tmp/", "home/", "root/", "var/lib/apt/", "var/cache/", "var/log/", "var/lib/dpkg/",
    "var/lib/systemd/", "etc/ld.so.cache", "etc/apt/", "etc/resolv.conf", "var/lib/ucf/",
)  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """A release that a root is made of."""

    name: str
    title: str
    mirror: str
    components: str
    script: str
    is_signed_here: bool
    desktop: tuple[str, ...] = ("icewm", "pcmanfm", "dbus", "shared-mime-info", "desktop-file-utils")


SUITES = {
    suite.name: suite
    for suite in (
        Suite("bookworm", "Debian 12", "http://deb.debian.org/debian", "main", "bookworm", True),
        Suite("trixie", "Debian 13", "http://deb.debian.org/debian", "main", "trixie", True),
        Suite(
            "jammy", "Ubuntu 22.04", "http://archive.ubuntu.com/ubuntu", "main,universe", "jammy", _UBUNTU_KEYS.exists()
        ),
        Suite(
            "noble", "Ubuntu 24.04", "http://archive.ubuntu.com/ubuntu", "main,universe", "jammy", _UBUNTU_KEYS.exists()
        ),
    )
}


def fresh_root(suite: Suite, work: Path) -> Path:
    """A copy of the bare system with one ordinary user; the first time it is fetched."""
    base, root = work / f"base-{suite.name}", work / suite.name
    if not (base / "complete").exists():
        shutil.rmtree(base, ignore_errors=True)
        keys = [] if suite.is_signed_here else ["--no-check-gpg"]  # Debian has no package with Ubuntu's keys
        command = ["debootstrap", *keys, "--variant=minbase", f"--components={suite.components}"]
        subprocess.run(
            [*command, suite.name, str(base), suite.mirror, str(_SCRIPTS / suite.script)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (base / "complete").touch()
    if root.exists():
        shutil.rmtree(root)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
    (root / "complete").unlink()
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    run_as_root(root, f"useradd --create-home --shell /bin/sh --uid {UID} {USER}")
    return root


def run_as_root(root: Path, script: str) -> str:
    """Run a script as the administrator, with network; returns what it prints."""
    mounts = f"mount --rbind /dev '{root}/dev' && mount -t proc proc '{root}/proc'"
    variables = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive"
    command = f'{mounts} && exec chroot "{root}" {variables} sh -euc "$0"'
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-euc", command, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise AssertionError(f"{script}\nended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


class Session:
    """What the ordinary user runs: one space of processes, no network but loopback, no more than the root has.

    Args:
        root: of the system.
        desk: a folder that both sides see at the same path (sockets of screen and bus).
        variables: environment of everything that is started.
    """

    def __init__(self, root: Path, desk: Path, variables: dict[str, str], *, has_network: bool = False) -> None:
        self.root = root
        self._variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": f"/home/{USER}", "USER": USER, "LOGNAME": USER, "SHELL": "/bin/sh",
            "LANG": "C.UTF-8", **variables,
        }  # fmt: skip
        (root / str(desk).lstrip("/")).mkdir(parents=True, exist_ok=True)
        script = f"mount --rbind /dev '{root}/dev' && mount -t proc proc '{root}/proc' && mount --bind '{desk}' '{root}{desk}'"
        script += f" && mkdir -p '{root}/tmp/.X11-unix' && mount --bind /tmp/.X11-unix '{root}/tmp/.X11-unix'"
        script += "" if has_network else " && ip link set lo up"
        spaces = ["--mount", "--pid", "--fork", "--kill-child", *([] if has_network else ["--net"])]
        self._holder = subprocess.Popen(
            ["unshare", *spaces, "sh", "-euc", f"{script} && echo ready && exec sleep infinity"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n", "the session could not be set up"
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        self._inside = children[0]

    def _command(self, command: Sequence[str], variables: dict[str, str]) -> list[str]:
        settings = [f"{name}={value}" for name, value in {**self._variables, **variables}.items()]
        enter = ["nsenter", "--target", self._inside, "--mount", "--pid", "--net"]
        jail = ["chroot", f"--userspec={UID}:{UID}", str(self.root), "env", "--chdir", f"/home/{USER}", "-i"]
        return [*enter, *jail, *settings, *command]

    def start(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a program and go on."""
        return subprocess.Popen(
            self._command(command, variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *command: str, seconds: float = 300, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            self._command(command, variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )

    def processes(self, part: str) -> list[int]:
        """Numbers (of this side) of the session's processes with that in their command line, the first word."""
        space = os.readlink(f"/proc/{self._inside}/ns/pid")
        found: list[int] = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(folder / "ns" / "pid") == space:
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    if part.encode() in words[0] and folder.name != self._inside:
                        found.append(int(folder.name))
            except OSError:
                continue  # it ended
        return sorted(found)

    def end(self, part: str) -> None:
        """Ask those processes to end, and wait."""
        numbers = self.processes(part)
        for number in numbers:
            os.kill(number, signal.SIGTERM)
        for _ in range(300):
            if not self.processes(part):
                return
            time.sleep(0.1)
        raise AssertionError(f"{part} does not end: {numbers}")

    def close(self) -> None:
        """End everything in it."""
        os.kill(int(self._inside), signal.SIGKILL)  # the first process of the space: the kernel ends the others
        self._holder.wait(30)
        assert self._holder.stdout is not None
        self._holder.stdout.close()


def listing(root: Path) -> set[str]:
    """Every file of the system that is no cache."""
    found: set[str] = set()
    for folder, folders, files in os.walk(root):
        place = os.path.relpath(folder, root)
        inside = "" if place == "." else f"{place}/"
        folders[:] = [name for name in folders if not f"{inside}{name}/".startswith(_CACHES)]
        found |= {f"{inside}{name}" for name in (*files, *folders) if not f"{inside}{name}".startswith(_CACHES)}
    return found


def digests(folder: Path) -> dict[str, str]:
    """What is in a folder, byte by byte."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[str(path.relative_to(folder))] = os.readlink(path)
        elif stat.S_ISREG(mode):
            with path.open("rb") as stream:
                found[str(path.relative_to(folder))] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
