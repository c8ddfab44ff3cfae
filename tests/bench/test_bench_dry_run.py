"""How long the engine's dry run of the largest models takes, start of its process included, and what that process holds.

Bar of issue 3: about a second, before the download. Printed, never asserted; run with -s to see the figures. Processor
seconds stand beside the clock's, which a busy machine stretches.
"""

import resource
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from launcher.core.plans import Placement
from launcher.engine.dry_run import DryRunFile, dry_runs
from tests.fakes.gguf_shapes import shapes, write_shape

_MIB, _GIB = 2**20, 2**30


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class PeakOfChildren:
    """The most that this process's children held at once."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakOfChildren":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for child in psutil.Process().children(recursive=True):
                try:
                    self.bytes = max(self.bytes, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


@pytest.mark.parametrize("name", ["v3", "v32", "v4-flash", "v4-pro", "llama-70b"])
def test_seconds_of_a_dry_run(name: str, tmp_path: Path) -> None:
    shape = shapes()[name]
    path = write_shape(tmp_path / f"{name}.gguf", shape)
    files = (DryRunFile(path, path.stat().st_size),)
    layers = shape.hyper.n_layer
    experts = layers if shape.hyper.n_expert else 0
    one = Placement(layers + 1, 32_768, expert_layers_on_cpu=experts, tensor_split=(3.0, 1.0), load_mode="none")
    contexts = [replace(one, n_ctx=n * 4096) for n in range(1, 9)]
    with PeakOfChildren() as peak:
        started, cpu = time.monotonic(), cpu_of_children()
        found = dry_runs(files, [one], ("RTX 4090", "RTX 3060"))
        alone, alone_cpu = time.monotonic() - started, cpu_of_children() - cpu
    started, cpu = time.monotonic(), cpu_of_children()
    series = dry_runs(files, contexts, ("RTX 4090", "RTX 3060"))
    eight, eight_cpu = time.monotonic() - started, cpu_of_children() - cpu
    per_device = ", ".join(f"{d.name} {d.total_bytes / _GIB:.2f} GiB" for d in found[0].devices)
    print(
        f"\n{name} ({path.stat().st_size / _GIB:.0f} GiB): {alone:.2f} s (processor {alone_cpu:.2f} s), "
        f"8 contexts {eight:.2f} s ({eight_cpu:.2f} s), child {peak.bytes / _MIB:.0f} MiB; {per_device}"
    )
    assert len(series) == 8
    assert series[-1] == found[0]
