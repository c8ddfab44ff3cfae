"""Which process holds how much video memory, from the kernel's per-file statistics (gpu/drm-usage-stats)."""

from __future__ import annotations

import re
from pathlib import Path

from launcher.hardware.kernel_files import list_dir, read_text
from launcher.hardware.pcie import normal_address

_UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20}
# What counts as held: resident pages; amdgpu before 6.13 knows only "memory". The region is vram (amdgpu), vram0 (xe) or local0 (i915).
_SIZES = re.compile(r"^drm-(resident|memory)-(vram|local)(\d*):\s*(\d{1,15})(?: (KiB|MiB))?$", re.MULTILINE)
_CLIENT = re.compile(r"^drm-client-id:\s*(\d+)$", re.MULTILINE)
_CARD = re.compile(r"^drm-pdev:\s*(\S+)$", re.MULTILINE)


def vram_by_card(root: Path, pids: frozenset[int]) -> dict[str, int] | None:
    """Bytes of video memory held by these processes, by PCI address; a card that none of them has open is absent.

    None when it cannot be known: an older kernel without these figures, or a process that may not be looked into.
    """
    clients: dict[tuple[str, str], int] = {}
    for pid in pids:
        entries = list_dir(root / f"proc/{pid}/fd")
        if not entries:
            return None
        for entry in entries:
            if not _is_gpu_file(entry):
                continue
            client = _client(read_text(root / f"proc/{pid}/fdinfo/{entry.name}") or "")
            if client is None:
                return None
            clients[client[0], client[1]] = client[2]  # duplicated files share a client and count once
    held: dict[str, int] = {}
    for (address, _), size in clients.items():
        held[address] = held.get(address, 0) + size
    return held


def _is_gpu_file(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("/dev/dri/")
    except OSError:
        return False


def _client(text: str) -> tuple[str, str, int] | None:
    """(PCI address, client, bytes of video memory) of one open file."""
    card, client, sizes = _CARD.search(text), _CLIENT.search(text), _SIZES.findall(text)
    address = normal_address(card.group(1)) if card else None
    if address is None or client is None or not sizes:
        return None
    by_region: dict[str, dict[str, int]] = {}
    for measure, kind, number, amount, unit in sizes:
        by_region.setdefault(kind + number, {})[measure] = int(amount) * _UNITS[unit]
    size = sum(amounts.get("resident", amounts.get("memory", 0)) for amounts in by_region.values())
    return address, client.group(1), size
