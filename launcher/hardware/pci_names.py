"""Names of GPUs from the lists that Linux distributions install. Without a list the name is honest: "AMD GPU (1002:744c)"."""

from __future__ import annotations

import re
from pathlib import Path

_VENDOR_WORDS = {0x1002: "AMD", 0x10DE: "NVIDIA", 0x8086: "Intel"}
_MOST_BYTES = 8 << 20


def gpu_name(root: Path, vendor_id: int, device_id: int, revision: int) -> str:
    """The best name that can be known.

    libdrm's amdgpu.ids tells AMD's products apart by revision; pci.ids often names several at once.
    """
    word = _VENDOR_WORDS.get(vendor_id, "Unknown")
    name = None
    if vendor_id == 0x1002:
        name = _from_amdgpu_ids(_list(root, "libdrm/amdgpu.ids"), device_id, revision)
    if name is None:
        text = _list(root, "misc/pci.ids") or _list(root, "hwdata/pci.ids")
        name = _from_pci_ids(text, vendor_id, device_id)
    if name is None:
        return f"{word} GPU ({vendor_id:04x}:{device_id:04x})"
    return name if name.startswith(word) else f"{word} {name}"


def _list(root: Path, name: str) -> str:
    try:
        with (root / "usr/share" / name).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _from_amdgpu_ids(text: str, device_id: int, revision: int) -> str | None:
    """A line reads "744C, C8, AMD Radeon RX 7900 XTX"."""
    found = re.search(rf"^{device_id:04X},\s*{revision:02X},\s*(\S.*)$", text, re.MULTILINE | re.IGNORECASE)
    return found.group(1).strip() if found else None


def _from_pci_ids(text: str, vendor_id: int, device_id: int) -> str | None:
    """Vendors start a line, their devices follow, indented by one tab: "744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]"."""
    start = re.search(rf"^{vendor_id:04x}  ", text, re.MULTILINE)
    if not start:
        return None
    following = re.compile(r"^[0-9a-fC]", re.MULTILINE).search(text, start.end())
    block = text[start.end() : following.start() if following else len(text)]
    found = re.search(rf"^\t{device_id:04x}  (.+)$", block, re.MULTILINE)
    if not found:
        return None
    marketing = re.search(r"\[(.+)\]", found.group(1))
    return (marketing.group(1) if marketing else found.group(1)).strip() or None
