"""PCI addresses and what a PCI Express link carries."""

from __future__ import annotations

import re

# Raw bytes per second and lane after line coding (PCI Express base specification: 8b/10b, 128b/130b, FLIT from 6.0 on).
_LANE_BYTES_S = {1: 0.25e9, 2: 0.5e9, 3: 0.985e9, 4: 1.969e9, 5: 3.938e9, 6: 7.563e9}
_GENERATION_OF_GT_S = {2.5: 1, 5.0: 2, 8.0: 3, 16.0: 4, 32.0: 5, 64.0: 6}

# Packet headers, acknowledgements and flow control leave about four fifths of that to a large copy from pinned memory.
_PAYLOAD_SHARE = 0.8

_ADDRESS = re.compile(r"^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$")


def link_bytes_s(generation: int | None, width: int | None) -> float | None:
    """What a large copy gets over a link of that generation and number of lanes, in bytes per second; None when unknown."""
    if generation not in _LANE_BYTES_S or width is None or not 1 <= width <= 32:
        return None
    return _LANE_BYTES_S[generation] * width * _PAYLOAD_SHARE


def generation_of(speed: str | None) -> int | None:
    """The generation of a sysfs link speed ("16.0 GT/s PCIe")."""
    found = re.match(r"(\d{1,3}(?:\.\d)?) GT/s", speed or "")
    return _GENERATION_OF_GT_S.get(float(found.group(1))) if found else None


def normal_address(address: str | None) -> str | None:
    """A PCI bus id as sysfs writes it ("0000:01:00.0"); NVML writes eight domain digits, others none."""
    found = _ADDRESS.match((address or "").strip().lower())
    if not found:
        return None
    domain = int(found.group(1) or "0", 16)
    return f"{domain:04x}:{found.group(2)}:{found.group(3)}.{found.group(4)}"
