"""What of this computer decides which engine pack can work: the system, the graphics drivers, their runtimes."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SYSTEMS = {"win32": "windows", "darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_AMD_ID = "0x1002"
_DISPLAY_CLASS = "0x03"
_VULKAN_DRIVERS = ("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d")
# What hides or adds devices: a pack that found none with one of these may find some with another.
_DEVICE_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "GGML_VK_VISIBLE_DEVICES",
    "VK_ICD_FILENAMES",
    "VK_DRIVER_FILES",
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """This computer, as far as packs go.

    Attributes:
        system: "linux", "windows" or "macos"; `system_version` only of macOS.
        machine: "x86_64" or "arm64", or what the system calls it.
        binding_version: of llama-cpp-python here.
        nvidia_driver: its version; None without a driver that answers.
        has_amd_gpu: an AMD card is on the bus (Linux; elsewhere True where AMD's runtime is installed).
        rocm: version of AMD's HIP runtime, "" when it is there without saying its version; None without one.
        has_vulkan: the Vulkan loader is installed.
        drivers: text that changes with any driver: what was found out about a pack holds as long as it stays.
    """

    system: str
    machine: str
    binding_version: str
    system_version: str = ""
    nvidia_driver: str | None = None
    has_amd_gpu: bool = False
    rocm: str | None = None
    has_vulkan: bool = False
    drivers: str = ""


def this_system() -> tuple[str, str]:
    """("linux", "x86_64") and the like: what libraries are built for."""
    machine = platform.machine()
    return _SYSTEMS.get(sys.platform, "linux"), _MACHINES.get(machine.lower(), machine)


def read_surroundings(binding_version: str, root: Path = Path("/")) -> Surroundings:
    """Look around; some milliseconds, nothing is started. `root` is where /sys, /opt and the like are."""
    system, machine = this_system()
    nvidia = _nvidia_driver()
    rocm = _rocm_version(root, system)
    has_vulkan = _has_vulkan(system)
    told = [platform.platform(), _processor(root), f"nvidia {nvidia}", f"rocm {rocm}", f"vulkan {has_vulkan}"]
    told += [*_stamps(root), *(f"{name}={os.environ.get(name)}" for name in _DEVICE_VARIABLES)]
    return Surroundings(
        system=system,
        machine=machine,
        binding_version=binding_version,
        system_version=platform.mac_ver()[0] if system == "macos" else "",
        nvidia_driver=nvidia,
        has_amd_gpu=_has_amd_gpu(root) if system == "linux" else rocm is not None,
        rocm=rocm,
        has_vulkan=has_vulkan,
        drivers="\n".join(told),
    )


def _processor(root: Path) -> str:
    """Which variant of the processor's code is taken depends on it."""
    try:
        lines = (root / "proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _nvidia_driver() -> str | None:
    from launcher.hardware.nvml_driver import NvmlDriver

    driver = NvmlDriver()
    if driver.start() != 0:
        return None
    try:
        version, _code = driver.ask("nvmlSystemGetDriverVersion")
    finally:
        driver.stop()
    return str(version) if version else None


def _has_amd_gpu(root: Path) -> bool:
    for device in (root / "sys/bus/pci/devices").glob("*"):
        if _text(device / "vendor") == _AMD_ID and _text(device / "class").startswith(_DISPLAY_CLASS):
            return True
    return False


def _rocm_version(root: Path, system: str) -> str | None:
    """Of the HIP runtime."""
    if system == "windows":
        folder = Path(os.environ.get("WINDIR", r"C:\Windows"), "System32")
        return "" if any(folder.glob("amdhip64*.dll")) else None
    if not (root / "dev/kfd").exists():  # the kernel's side of it
        return None
    named = os.environ.get("ROCM_PATH")
    homes = [*([Path(named)] if named else []), root / "opt/rocm", *sorted((root / "opt").glob("rocm-*"), reverse=True)]
    for home in homes:
        if any((home / "lib").glob("libamdhip64.so*")):
            return _text(home / ".info/version").partition("-")[0]
    shared = (root / "usr/lib64", root / "usr/lib/x86_64-linux-gnu")
    return "" if any(any(folder.glob("libamdhip64.so*")) for folder in shared) else None


def _has_vulkan(system: str) -> bool:
    if system == "windows":
        return Path(os.environ.get("WINDIR", r"C:\Windows"), "System32", "vulkan-1.dll").exists()
    names = ("libvulkan.1.dylib", "libMoltenVK.dylib") if system == "macos" else ("libvulkan.so.1",)
    return any(_can_load(name) for name in names)


def _can_load(name: str) -> bool:
    """The loader alone: it touches no driver before an instance is made."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _stamps(root: Path) -> Iterable[str]:
    """Vulkan drivers with the time they were installed."""
    folders = [root / f.lstrip("/") for f in _VULKAN_DRIVERS]
    if sys.platform == "win32":
        folders.append(Path(os.environ.get("WINDIR", r"C:\Windows"), "System32", "DriverStore"))
    for folder in folders:
        for file in sorted(folder.glob("*.json")) if folder.name == "icd.d" else [folder]:
            try:
                yield f"{file} {file.stat().st_mtime_ns}"
            except OSError:
                continue


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
