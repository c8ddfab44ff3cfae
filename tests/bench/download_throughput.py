"""How fast a download is, beside `curl` and `hf download`, from the same server on this machine in the same run.

    python -m tests.bench.download_throughput [--gb 1] [--rounds 3] [--rate-mb 125] [--tls] [--flat-gb 20] [--folder DIR]

Each round runs all of them, in changing order, and each a file of 1 MB as well: what that takes is the program's start, which is
said on its own and taken off everything else. "curl + sha256sum" is what curl takes for what ours does. --rate-mb is the line's speed
(125 is 1 Gbit/s); without it the processor is what is measured. The server is a process of its own (sendfile; with --tls as fast as Python's
TLS goes). Prints MB/s, the ratios, processor seconds per GB (of the client, by its rusage) and the largest memory; with
--flat-gb the memory of our download over a file of that size (a hole, so the disk needs no room for it on the server's side; the
download does write it), which is sampled all the way and must not grow. Exits with 1 below 0.95 of curl or of hf.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from launcher.core.units import MIB
from tests.fakes.hub import FakeHub, Fault

REPO, NAME, TINY_NAME = "org/model-GGUF", "model-Q4_0.gguf", "tiny-Q4_0.gguf"
BAR = 0.95
_OURS = """
import sys, threading
from launcher.core.downloads import DownloadRequest
from launcher.core.models import ModelFile
from launcher.downloads.transfer.fetch import fetch
result = fetch(DownloadRequest("m", "M", "Q4_0", sys.argv[1], (ModelFile(sys.argv[2]),), 0), lambda p: None, threading.Event())
sys.exit(str(result.error) if result.error else 0)
"""


@dataclass(frozen=True)
class Taken:
    """One download, by its process; of a `Taken` without its start only the work is left."""

    seconds: float
    cpu_s: float
    peak_bytes: int

    def without(self, start: Taken) -> Taken:
        """Less what a tiny file takes."""
        return Taken(self.seconds - start.seconds, self.cpu_s - start.cpu_s, self.peak_bytes)


@dataclass(frozen=True)
class Served:
    """Where the files are: the hub, the folder of the bytes, and what a client's environment needs."""

    url: str
    environment: dict[str, str]
    ca_file: str


@contextmanager
def serving(path: Path, sha256: str | None, *, rate_bytes_s: float = 0.0, tls: bool = False) -> Generator[Served]:
    """The hub in a process of its own, so that its work is not ours."""
    command = [sys.executable, "-m", "tests.bench.download_throughput", "--serve", str(path), "--sha256", sha256 or ""]
    command += ["--rate-mb", str(rate_bytes_s / 1e6), *(["--tls"] if tls else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        endpoint, url, ca_file = server.stdout.readline().rstrip("\n").split(" ")
        trusted = {"SSL_CERT_FILE": ca_file, "REQUESTS_CA_BUNDLE": ca_file} if ca_file else {}
        environment = {
            **{k: v for k, v in os.environ.items() if "proxy" not in k.lower()},
            "HF_ENDPOINT": endpoint,
            "NO_PROXY": "127.0.0.1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            **trusted,
        }
        yield Served(url, environment, ca_file)
        server.stdin.close()


def serve(path: Path, sha256: str, rate_bytes_s: float, *, tls: bool) -> None:
    """The body of that process."""
    from tests.fakes.certificates import private_ca

    with tempfile.TemporaryDirectory() as folder:
        ca = private_ca(Path(folder)) if tls else None
        with FakeHub(tls=ca.server_context() if ca else None) as hub:
            hub.add_file(REPO, NAME, path, sha256 or None)
            if rate_bytes_s:
                hub.fail(Fault("throttle_total", rate_bytes_s=rate_bytes_s, times=None))
            hub.add_file(REPO, TINY_NAME, os.urandom(1_000_000))
            url = f"{hub.cdn}/{REPO}/resolve/{hub.commit(REPO)}/"
            print(hub.endpoint, url, ca.ca_file if ca else "", flush=True)
            sys.stdin.read()


def curl(served: Served, folder: Path, name: str) -> list[str]:
    """The plain floor: bytes to a file, no checksum."""
    trust = ["--cacert", served.ca_file] if served.ca_file else []
    return ["curl", "-sfL", *trust, "-o", str(folder / "file"), served.url + name]


def curl_and_sum(served: Served, folder: Path, name: str) -> list[str]:
    """With the checksum afterwards."""
    return ["sh", "-c", '"$@" && exec sha256sum "$0"', str(folder / "file"), *curl(served, folder, name)]


def hf(served: Served, folder: Path, name: str) -> list[str]:
    """The hub's own program."""
    del served
    program = Path(sys.executable).with_name("hf")
    return [str(program), "download", REPO, name, "--cache-dir", str(folder / "hub")]


def ours(served: Served, folder: Path, name: str) -> list[str]:
    """What the window's worker thread does, checksum and all."""
    del served, folder
    return [sys.executable, "-c", _OURS, REPO, name]


def launcher(served: Served, folder: Path, name: str) -> list[str]:
    """The command, from its start."""
    del served, folder
    return [sys.executable, "-m", "launcher", "download", f"{REPO}:{name}", "--json"]


Client = Callable[[Served, Path, str], list[str]]
CLIENTS: dict[str, Client] = {
    "curl": curl,
    "curl + sha256sum": curl_and_sum,
    "hf download": hf,
    "ours (fetch)": ours,
    "launcher download": launcher,
}


def take(make: Client, served: Served, folder: Path, name: str = NAME, samples: list[int] | None = None) -> Taken:
    """Run a client once in an empty folder."""
    folder.mkdir()
    environment = {**served.environment, "HF_HOME": str(folder / "hf"), "LAUNCHER_HOME": str(folder / "home")}
    began = time.monotonic()
    child = subprocess.Popen(
        make(served, folder, name), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    has_ended = threading.Event()
    watch = threading.Thread(target=_sample, args=(child.pid, has_ended, samples))
    if samples is not None:
        watch.start()
    _, status, usage = os.wait4(child.pid, 0)  # its own rusage, not that of all children so far
    seconds = time.monotonic() - began
    has_ended.set()
    if samples is not None:
        watch.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.stderr is not None
    error = child.stderr.read()
    child.stderr.close()
    shutil.rmtree(folder)
    if child.returncode:
        raise SystemExit(f"{make.__name__} failed: {error[-800:]}")
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _sample(pid: int, has_ended: threading.Event, samples: list[int] | None) -> None:
    """Its memory, four times a second."""
    assert samples is not None
    while not has_ended.wait(0.25):
        try:
            samples.append(psutil.Process(pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return


def compare(folder: Path, size_bytes: int, rounds: int, rate_bytes_s: float, *, tls: bool) -> bool:
    """The table; whether ours is fast enough."""
    source = folder / "source.gguf"
    with source.open("wb") as stream:
        block = os.urandom(4 * MIB)
        for _ in range(size_bytes // len(block)):
            stream.write(block)
    size_bytes = source.stat().st_size
    wholes: dict[str, list[Taken]] = {name: [] for name in CLIENTS}
    starts: dict[str, list[Taken]] = {name: [] for name in CLIENTS}
    with serving(source, None, rate_bytes_s=rate_bytes_s, tls=tls) as served:
        names = list(CLIENTS)
        for number in range(rounds + 1):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                start = take(CLIENTS[name], served, folder / "client", TINY_NAME)
                whole = take(CLIENTS[name], served, folder / "client")
                if number:  # the first round warms the page cache and the imports
                    starts[name].append(start)
                    wholes[name].append(whole)
    source.unlink()
    how = f"{' over TLS' if tls else ''}{f', line of {rate_bytes_s / 1e6:.0f} MB/s' if rate_bytes_s else ''}"
    print(f"\n## {size_bytes / 1e9:.2f} GB{how}, median of {rounds}\n")
    print("| client | start s | MB/s | of curl | of hf | CPU s per GB | peak MB |\n|---|---|---|---|---|---|---|")
    works = {n: [w.without(s) for w, s in zip(wholes[n], starts[n], strict=True)] for n in names}
    rates = {n: statistics.median(size_bytes / t.seconds for t in works[n]) for n in names}
    for name in names:
        begun = statistics.median(t.seconds for t in starts[name])
        cpu = statistics.median(t.cpu_s for t in works[name]) / (size_bytes / 1e9)
        peak = max(t.peak_bytes for t in wholes[name]) / 1e6
        of_curl, of_hf = rates[name] / rates["curl"], rates[name] / rates["hf download"]
        rate = rates[name] / 1e6
        print(f"| {name} | {begun:.2f} | {rate:.0f} | {of_curl:.2f} | {of_hf:.2f} | {cpu:.2f} | {peak:.0f} |")
    mine = rates["ours (fetch)"]
    return min(mine / rates["curl"], mine / rates["hf download"]) >= BAR


def check_flat(folder: Path, size_bytes: int) -> None:
    """Memory over a very large file: a hole, whose bytes are all zero."""
    source = folder / "hole.gguf"
    with source.open("wb") as stream:
        stream.truncate(size_bytes)
    digest, zeros = hashlib.sha256(), bytes(4 * MIB)
    for start in range(0, size_bytes, len(zeros)):
        digest.update(zeros[: min(len(zeros), size_bytes - start)])
    samples: list[int] = []
    with serving(source, digest.hexdigest()) as served:
        one = take(ours, served, folder / "client", samples=samples)
    source.unlink()
    fifth = max(1, len(samples) // 5)
    print(f"\n## Memory over {size_bytes / 1e9:.0f} GB: {len(samples)} samples\n")
    print("| part of the way | median MB | most MB |\n|---|---|---|")
    for i in range(5):
        part = samples[i * fifth : (i + 1) * fifth] or samples[-1:]
        print(f"| {20 * i}-{20 * i + 20} % | {statistics.median(part) / 1e6:.0f} | {max(part) / 1e6:.0f} |")
    print(
        f"\nPeak {one.peak_bytes / 1e6:.0f} MB, {size_bytes / one.seconds / 1e6:.0f} MB/s, "
        f"{one.cpu_s / (size_bytes / 1e9):.2f} CPU s per GB"
    )


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="Downloads beside curl and hf, from the same server.")
    parser.add_argument("--gb", type=float, default=1.0, help="size of the compared file; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate-mb", type=float, default=0.0, help="speed of the line in MB/s; 0 is no limit")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--flat-gb", type=float, default=0.0, help="also watch the memory over a file of this size")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sha256", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.sha256, args.rate_mb * 1e6, tls=args.tls)
        return 0
    is_fast = True
    with tempfile.TemporaryDirectory(prefix="throughput-", dir=args.folder) as name:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        if args.gb:
            is_fast = compare(Path(name), int(args.gb * 1e9), args.rounds, args.rate_mb * 1e6, tls=args.tls)
        if args.flat_gb:
            check_flat(Path(name), int(args.flat_gb * 1e9))
    return 0 if is_fast else 1


if __name__ == "__main__":
    sys.exit(main())
