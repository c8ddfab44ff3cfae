"""A library for tests of its page: models of five origins, a broken file, a newer version."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from launcher.core.downloads import DownloadRequest, Installed, Origin
from launcher.core.plans import Plan
from launcher.services.library_values import Check, CheckState, Library, LibraryEntry
from tests.widget.look_values import GB, card, gib, host, plan

NOW = time.time()
DAY = 86400


@dataclass(frozen=True)
class BrokenFile:
    """The shape of `downloads.library.Broken`."""

    path: str
    origin: str
    size_bytes: int
    why: str


@dataclass(frozen=True)
class NewerVersion:
    """The shape of `downloads.updates.Update`."""

    model: Installed
    revision: str
    file_bytes: int
    request: DownloadRequest


def model(name: str, quant: str, size_gb: float, origin: str, path: str = "", **more: object) -> Installed:
    where = path or f"/models/{origin}/{name}-{quant}.gguf"
    made = Installed(name.lower(), name, quant, where, int(size_gb * GB), "deepseek2", origin, verified=False)
    return replace(made, files=(where,), **more)  # type: ignore[arg-type]


def half(of: Plan, on_card: int, layers: int) -> Plan:
    return replace(of, n_layer=layers, placement=replace(of.placement, n_gpu_layers=on_card + 1))


def too_large(of: Plan, missing_gib: float) -> Plan:
    return replace(of, fits=False, missing_bytes=gib(missing_gib))


SEVEN = model(
    "R1-Distill-Qwen-7B", "Q4_K_M", 4.7, Origin.LAUNCHER, verified=True, repo="unsloth/R1-Distill-Qwen-7B-GGUF",
    revision="3f1a9b" + "0" * 34, installed_unix_s=NOW - 20 * DAY, last_used_unix_s=NOW - DAY,
)  # fmt: skip
LARGE = model(
    "R1-Distill-Qwen-32B", "Q6_K", 26.9, Origin.LAUNCHER, verified=True, repo="unsloth/R1-Distill-Qwen-32B-GGUF",
    revision="77aa" + "0" * 36, installed_unix_s=NOW - 3 * DAY, pinned=True,
)  # fmt: skip
CODER = model("Coder-V2-Lite-Instruct", "Q8_0", 16.7, Origin.LM_STUDIO, last_used_unix_s=NOW - 4 * DAY)
OLLAMA = model(
    "R1-0528-Qwen3-8B", "Q4_K_M", 5.2, Origin.OLLAMA, path="/usr/share/ollama/models/blobs/sha256-9f" + "1" * 62
)
CACHE = model("R1-Distill-Llama-70B", "Q4_K_M", 42.5, Origin.HF_CACHE, repo="unsloth/R1-Distill-Llama-70B-GGUF")
FOLDER = model("some-fine-tune-of-somebody-with-a-long-name", "IQ3_XXS", 3.1, Origin.FOLDER)

_SMALL = plan("R1-Distill-Qwen-7B", "Q4_K_M", 4.7, (92, 80, 104), (card(4.1, 0.8, 0.7), host(0.2, 0, 0.1)))
PLAN = _SMALL

UPDATE = NewerVersion(
    SEVEN, "c0ffee" + "0" * 34, int(4.7 * GB),
    DownloadRequest("r1-distill-qwen-7b", "R1-Distill-Qwen-7B", "Q4_K_M", SEVEN.repo or "", (), int(4.7 * GB)),
)  # fmt: skip

BROKEN = BrokenFile(
    "/models/lmstudio/R1-0528-Q2_K-00003-of-00005.gguf", Origin.LM_STUDIO, 9 * GB,
    "2 of 5 parts are missing: 00002 and 00004.",
)  # fmt: skip
OURS_BROKEN = BrokenFile("/models/hub/V2-Lite-Q4_K_M.gguf", Origin.LAUNCHER, GB, "It ends 512 MB too early.")


def check(state: CheckState, bad: tuple[str, ...] = (), days_ago: int = 2) -> Check:
    return Check(state, NOW - days_ago * DAY, bad)


LIBRARY = Library(
    (
        LibraryEntry(SEVEN, _SMALL, True, check(CheckState.MATCHES), UPDATE),  # type: ignore[arg-type]
        LibraryEntry(LARGE, half(_SMALL, 52, 64), True, check(CheckState.MATCHES)),
        LibraryEntry(CODER, _SMALL, True, check(CheckState.DIFFERS, (CODER.path,))),
        LibraryEntry(OLLAMA, _SMALL, True, check(CheckState.MATCHES)),
        LibraryEntry(CACHE, too_large(_SMALL, 3.2), True),
        LibraryEntry(FOLDER, None, True, check(CheckState.NO_CHECKSUM)),
    ),
    (BROKEN, OURS_BROKEN),  # type: ignore[arg-type]
)
