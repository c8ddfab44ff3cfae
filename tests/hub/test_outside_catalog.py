"""Models that the catalog does not have: behind a link (whose secrets stay secret) and in files on the disk."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher import catalog, planner
from launcher.catalog.gguf import read_header
from launcher.cli.download import request_for
from launcher.core.downloads import Installed
from launcher.core.paths import hub_cache_dir
from launcher.downloads.library import scan as library
from launcher.services.exact import read_headers
from launcher.services.linked import address_of, read_linked, shown_link
from launcher.services.local_files import FILE_FAMILY, file_model, read_files
from launcher.services.plan_editing import why_not_kv_type
from tests.fakes.gguf_models import make_model
from tests.fakes.hub import FakeHub, Fault, serving
from tests.unit.planner_machines import described

REPO, NAME = "someone/Tiny-GGUF", "Tiny-F16.gguf"
SECRET = "X-Amz-Signature=s3cret"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny") / NAME, "qwen2", name="Somebody's own model")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def in_cache(path: Path, repo: str, name: str) -> Path:
    """As another tool's download lies in the hub's cache."""
    there = hub_cache_dir() / f"models--{repo.replace('/', '--')}" / "snapshots" / ("a" * 40) / name
    there.parent.mkdir(parents=True)
    there.symlink_to(path)
    return there


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_signature_is_used_for_fetching_and_shown_nowhere(hub: FakeHub, tiny: Path) -> None:
    hub.add_file(REPO, NAME, tiny)
    plain = f"{hub.cdn}/{REPO}/resolve/main/{NAME}"
    pasted = f"  {plain.replace('://', '://me:passw0rd@')}?{SECRET}\n"
    variant, quant = read_linked(pasted)
    plan = planner.plan(described("rtx3060-32gb"), variant, quant)
    assert (quant.repo, plan.repo, plan.quant) == (plain, plain, "F16")
    for value in (variant, quant, plan):
        assert "s3cret" not in repr(value)
        assert "passw0rd" not in repr(value)
    assert address_of(plan.repo) == pasted.strip()
    headers = read_headers(plan.repo, plan.quant, plan.revision, "", threading.Event())
    assert headers.fetched_bytes == 0, "known by the very address that was pasted"
    assert headers.parsed[0].tensors


def test_what_is_shown_of_a_link() -> None:
    assert shown_link(f" https://me:pw@host:1/a.gguf?{SECRET}#x ") == "https://host:1/a.gguf"
    assert shown_link("owner/repo:Q4_K_M ") == "owner/repo:Q4_K_M"
    assert address_of("owner/repo") == "owner/repo"


def test_a_header_from_an_earlier_day_says_so(hub: FakeHub, tiny: Path) -> None:
    hub.add_file(REPO, NAME, tiny)
    assert read_linked(REPO)[0].honest_note == ""
    hub.fail(Fault("status", where="api", status=503, times=None))
    variant, quant = read_linked(REPO)
    assert "This is its header as of 20" in variant.honest_note
    assert planner.plan(described("rtx3060-32gb"), variant, quant).honest_note == variant.honest_note


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_outside_the_catalog_is_planned_by_its_header(tiny: Path) -> None:
    there = in_cache(tiny, "some/one", "weights.gguf")
    (item,) = library.installed()
    ((variant, quant),) = read_files((item,))
    assert (variant.id, variant.family, variant.name) == (file_model(str(there)), FILE_FAMILY, "Somebody's own model")
    assert (quant.name, quant.repo, quant.file_bytes) == ("F16", "some/one", tiny.stat().st_size)
    assert variant.params_total == sum(math.prod(t.shape) for t in read_header(tiny).tensors)
    plan = planner.plan(described("rtx3060-32gb"), variant, quant)
    assert plan.fits
    assert plan.placement.n_gpu_layers == plan.n_layer + 1
    assert read_files((item,))[0] is read_files((item,))[0], "read once"


def test_files_of_the_catalog_and_broken_ones_are_not(tiny: Path, tmp_path: Path) -> None:
    known = catalog.load().find("r1-distill-qwen-7b")
    quant = known.quant("Q4_K_M")
    assert quant
    ours = Installed(known.id, "x", "q4_k_m", str(tiny), 1, "qwen2", "launcher", verified=True, repo=quant.repo)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 64)
    strange = replace(ours, model="some/one", path=str(broken), repo="some/one")
    assert read_files((ours, strange, replace(strange, path=str(tmp_path / "gone.gguf")))) == ()
    # A second copy of the same quantisation is a file of its own.
    assert [v.id for v, _ in read_files((ours, replace(ours, origin="file")))] == [file_model(str(tiny))]


# --- what else is decided here ----------------------------------------------------------------------------------------


def test_a_download_is_recommended_for_the_measured_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine with its calibration, as `launcher recommend` sees it."""
    machine = described("rtx4090-64gb")
    monkeypatch.setattr("launcher.cli.machines.this_machine", lambda: machine)
    variant = catalog.load().find("r1-distill-qwen-32b")
    best = planner.recommend(machine, (variant,)).recommended
    assert best
    asked = request_for(variant.id, None)
    assert (asked.quant, asked.repo, asked.files) == (best.quant, best.repo, best.files)


def test_a_cache_type_must_divide_the_heads() -> None:
    quant = catalog.load().find("r1-distill-qwen-7b").quant("Q4_K_M")
    assert quant
    assert quant.facts
    assert [why_not_kv_type(quant.facts, kind) for kind in ("f16", "q8_0", "q4_0")] == ["", "", ""]
    odd = replace(quant.facts, hyper=replace(quant.facts.hyper, head_dim_v=80))
    assert why_not_kv_type(odd, "f16") == ""
    assert "80" in why_not_kv_type(odd, "q8_0")
