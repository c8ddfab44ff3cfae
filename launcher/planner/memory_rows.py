"""The memory of a plan as rows, one for each device."""

from __future__ import annotations

from dataclasses import replace

from launcher.core.machine import Machine
from launcher.core.plans import DeviceMemory
from launcher.planner.draft import Draft
from launcher.planner.layout import Bytes
from launcher.planner.machine_view import UNACCOUNTED_HOST_BYTES, View
from launcher.planner.search import Found


def memory_rows(machine: Machine, seen: View, found: Found, draft: Draft | None) -> tuple[DeviceMemory, ...]:
    """One entry per device that is used; weights that page from disk are not counted as resident."""
    layout = found.layout
    held = {g.index: b for g, b in zip(found.loader.view.gpus, layout.gpus, strict=True)}
    host = layout.host
    if found.disk_s:
        host = replace(host, weights=host.weights - min(layout.missing_host_bytes, host.weights))
    if draft is not None:
        on_gpu = draft.gpu_index
        host = host + (draft.held if on_gpu is None else draft.host)
        if on_gpu is not None:
            held[on_gpu] = held.get(on_gpu, Bytes()) + draft.held
    rows = [
        DeviceMemory(
            g.name,
            "gpu",
            b.weights,
            b.kv,
            b.compute,
            g.unaccounted_bytes,
            g.free_bytes,
            machine.gpus[g.index].vram_total_bytes,
        )
        for g in seen.gpus
        if (b := held.get(g.index, Bytes())).total
    ]
    ram = machine.ram
    return (
        *rows,
        DeviceMemory(
            "RAM",
            "host",
            host.weights,
            host.kv,
            host.compute,
            UNACCOUNTED_HOST_BYTES + layout.checkpoint_bytes,
            ram.free_bytes,
            ram.total_bytes,
            layout.checkpoint_bytes,
        ),
    )
