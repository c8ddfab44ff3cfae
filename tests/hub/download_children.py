"""Children that download, cheap enough to kill hundreds: one process imports everything, and forks one child per job.

    with Children() as children:
        child = children.start(Job("queue", ("org/model",), ...), environment)
        child.kill()

`python -m tests.hub.download_children` is that process; it reads jobs from its input, one at a time.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

_FILE_EVENTS = ("os.rename", "os.symlink", "os.remove", "os.mkdir", "os.truncate")
_LAST_WORDS = "# killed before "
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Job:
    """What a child does, and when it dies by its own hand (otherwise it is killed from outside, or ends).

    Attributes:
        kind: "queue" (a DownloadQueue with these items) or "command" (`launcher download`).
        repo: of the item.
        quants: the items; the command takes the first.
        policy: fields of Policy.
        die_at_file_event: before the nth time that it renames, links, deletes or creates (1 is the first); 0 is never.
        count_from_state: file operations count from the first report of this state ("": from the start; the queue only).
        die_in_state: at the `die_at_report`-th report of this state.
    """

    kind: str
    repo: str
    quants: tuple[str, ...]
    policy: dict[str, float] = field(default_factory=dict[str, float])
    die_at_file_event: int = 0
    count_from_state: str = ""
    die_in_state: str = ""
    die_at_report: int = 1


@dataclass(frozen=True)
class Report:
    """One progress report of a child."""

    key: str
    state: str
    done_bytes: int
    resumed_bytes: int
    error: str


class Child:
    """A running job."""

    def __init__(self, children: Children, pid: int, out: Path) -> None:
        self._children, self.pid, self._out = children, pid, out

    def reports(self) -> list[Report]:
        """What it said so far."""
        whole = self._out.read_text().rpartition("\n")[0]
        return [Report(**json.loads(line)) for line in whole.splitlines() if line.startswith('{"key"')]

    def wait_for_report(self, timeout_s: float = 60.0) -> None:
        """Until it has begun: python's start is not what is tested."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._out.read_bytes():
            assert time.monotonic() < deadline, "the child said nothing"
            time.sleep(0.002)

    def kill(self) -> None:
        """SIGKILL, at this moment; nothing when it has ended."""
        os.kill(self.pid, signal.SIGKILL)  # not yet reaped, so the number is still its own

    def wait(self, timeout_s: float = 60.0) -> int:
        """Its exit code; minus the signal's number when it was killed."""
        alarm = threading.Timer(timeout_s, self.kill)
        alarm.start()
        try:
            return self._children.end()
        finally:
            alarm.cancel()
            alarm.join()

    def last_words(self) -> str:
        """Before which file operation it killed itself; "" when it did not."""
        return next(
            (line.removeprefix("# killed ") for line in self.text().splitlines() if line.startswith(_LAST_WORDS)), ""
        )

    def text(self) -> str:
        """All that it printed."""
        return self._out.read_text()


class Children:
    """The process that forks."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.download_children"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )
        assert self._answer() == "ready"

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def start(self, job: Job, environment: dict[str, str]) -> Child:
        """Fork a child. The one before must have been waited for."""
        self._count += 1
        out = self._folder / f"child-{self._count}.txt"
        out.touch()
        self._tell({"job": asdict(job), "environment": environment, "out": str(out)})
        return Child(self, int(self._answer()), out)

    def end(self) -> int:
        """Wait for the child and let go of its number."""
        status = int(self._answer())
        self._tell("reap")
        return status

    def _tell(self, message: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the forking process died"
        return line.strip()


# --- What runs in the forking process and its children ----------------------------------------------------------------


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _import_everything() -> None:
    import huggingface_hub
    from huggingface_hub.utils import close_session, get_session

    modules = (
        "launcher.cli.main",
        "launcher.cli.download",
        "launcher.downloads",
        "launcher.downloads.library.scan",
        "filelock",
    )
    for name in modules:
        importlib.import_module(name)
    for name in ("HfApi", "hf_hub_url"):
        getattr(huggingface_hub, name)  # imported at first use
    get_session()
    close_session()


def _serve() -> None:
    _die_with_parent()
    _import_everything()
    assert threading.active_count() == 1, "a process with threads must not fork"
    print("ready", flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(message)
        print(pid, flush=True)
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert found is not None
        print(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status, flush=True)
        sys.stdin.readline()  # only now is the number free again: nobody kills a stranger
        os.waitpid(pid, 0)


def _child(message: dict[str, Any]) -> None:
    code = 3
    try:
        _die_with_parent()
        os.environ.update(message["environment"])
        out = os.open(message["out"], os.O_WRONLY | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        fields: dict[str, Any] = message["job"]
        job = replace(Job(**fields), quants=tuple(fields["quants"]))
        _arm(job)
        code = _run_queue(job) if job.kind == "queue" else _run_command(job)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the child of a fork ends here, whatever it was
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


_states_seen: set[str] = {""}


def _arm(job: Job) -> None:
    count = 0

    def on_event(event: str, _args: object) -> None:
        nonlocal count
        if event in _FILE_EVENTS and job.count_from_state in _states_seen:
            count += 1
            if count == job.die_at_file_event:
                os.write(1, f"\n{_LAST_WORDS}{event}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    if job.die_at_file_event:
        sys.addaudithook(on_event)


def _run_queue(job: Job) -> int:
    from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
    from launcher.downloads.queue.queue import DownloadQueue
    from launcher.downloads.transfer.retry import Policy

    resting = (DownloadState.DONE, DownloadState.FAILED, DownloadState.PAUSED)
    ended: set[str] = set()
    changed = threading.Condition()
    seen = 0

    def on_progress(progress: DownloadProgress) -> None:
        nonlocal seen
        error = f"{progress.error.code}: {progress.error}" if progress.error else ""
        report = Report(progress.key, progress.state.value, progress.done_bytes, progress.resumed_bytes, error)
        os.write(1, (json.dumps(asdict(report)) + "\n").encode())
        _states_seen.add(report.state)
        if progress.state == job.die_in_state:
            seen += 1
            if seen == job.die_at_report:
                os.kill(os.getpid(), signal.SIGKILL)
        with changed:
            (ended.add if progress.state in resting else ended.discard)(progress.key)
            changed.notify_all()

    queue = DownloadQueue(on_progress, policy=Policy(**job.policy))  # type: ignore[arg-type]
    keys = {queue.start(DownloadRequest("m", "M", quant, job.repo, (), 0)) for quant in job.quants}
    with changed:
        changed.wait_for(lambda: keys <= ended)
    queue.close()
    return 0 if all(p.state is DownloadState.DONE for _, p in queue.jobs()) else 1


def _run_command(job: Job) -> int:
    from launcher.cli.main import run_command

    return run_command(["download", job.repo, "--quant", job.quants[0], "--json"])


if __name__ == "__main__":
    _serve()
