"""Models of every program on one machine: each listed once, only what is complete, quickly, whatever the folders hold."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.codec import to_json
from launcher.core.downloads import DownloadRequest, Origin
from launcher.core.models import ModelFile
from launcher.core.paths import cache_dir, hub_cache_dir
from launcher.downloads.disk import disks, folders, index
from launcher.downloads.library import examine, seen
from launcher.downloads.library import scan as library
from launcher.downloads.library.examine import Kind
from launcher.downloads.library.tools import environment
from launcher.downloads.library.tools.candidate import Candidate
from launcher.downloads.library.tools.environment import Environment
from tests.fakes import gguf_raw
from tests.fakes.gguf_raw import model_bytes, shard_bytes

COMMIT = "c" * 40


@pytest.fixture
def home(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where other programs' folders are searched: those of this test's home, and no system folders."""
    variables = {**os.environ, environment.SEARCH_VARIABLE: "1"}
    del variables["HF_HOME"]
    machine = Environment(own_home, variables, "linux", root=own_home / "root")
    monkeypatch.setattr(environment, "here", lambda: machine)
    return own_home


def put(path: Path, content: bytes | None = None, age_s: float = 3600.0) -> Path:
    """A file that has been there for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model_bytes(path.stem) if content is None else content)
    os.utime(path, (path.stat().st_mtime - age_s,) * 2)
    return path


def added(name: str, content: bytes | None = None, age_s: float = 3600.0) -> Path:
    """A file in a folder that the user added."""
    folder = hub_cache_dir().parent / "added"
    if str(folder) not in folders.read().searched:
        folders.add_searched(str(folder))
    return put(folder / name, content, age_s)


def pulled(home: Path, name: str, content: bytes, digest: str = "a" * 64) -> Path:
    """As `ollama pull` leaves it."""
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": len(content)}
    store = home / ".ollama/models"
    put(store / "manifests/registry.ollama.ai/library" / name, json.dumps({"layers": [layer]}).encode())
    return put(store / "blobs" / f"sha256-{digest}", content)


def cached(content: bytes, commit: str = COMMIT, name: str = "m-Q4_0.gguf", digest: str = "b" * 64) -> Path:
    """As the hub's client leaves it."""
    repository = hub_cache_dir() / "models--org--m-GGUF"
    blob = put(repository / "blobs" / digest, content)
    pointer = repository / "snapshots" / commit / name
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    return pointer


@pytest.fixture
def headers_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose headers were read."""
    names: list[str] = []
    real = examine.read_header

    def read(path: Path, *rest: int) -> object:
        names.append(path.name)
        return real(path, *rest)

    monkeypatch.setattr(examine, "read_header", read)
    return names


# --- Everywhere, once --------------------------------------------------------------------------------------------------


def test_models_of_every_program_are_listed(home: Path) -> None:
    cached(model_bytes("hub"))
    put(home / ".cache/llama.cpp/org_m_llama.gguf")
    put(home / ".lmstudio/models/pub/repo/studio-Q8_0.gguf")
    pulled(home, "deepseek-r1/8b", model_bytes("ollama"))
    data = home / ".local/share/Jan/data"
    put(data / "llamacpp/models/mine/model.yml", b"model_path: llamacpp/models/mine/jan.gguf\n")
    put(data / "llamacpp/models/mine/jan.gguf")
    put(home / ".local/share/nomic.ai/GPT4All/gpt4all.gguf")
    added("deep/er/folder.gguf")
    single = put(home / "Downloads/single.gguf")
    folders.add_file(str(single))
    put(home / ".cache/huggingface/hub/models--a--b/snapshots" / COMMIT / "default.gguf")
    found = {(m.origin, m.name, m.quant, m.repo) for m in library.installed()}
    assert found == {
        (Origin.HF_CACHE, "hub", "Q4_0", "org/m-GGUF"),
        (Origin.HF_CACHE, "default", "", "a/b"),
        (Origin.LLAMA_CPP, "org_m_llama", "", None),
        (Origin.LM_STUDIO, "studio-Q8_0", "Q8_0", "pub/repo"),
        (Origin.OLLAMA, "deepseek-r1:8b", "", None),
        (Origin.JAN, "mine", "", None),
        (Origin.GPT4ALL, "gpt4all", "", None),
        (Origin.FOLDER, "folder", "", None),
        (Origin.FILE, "single", "", None),
    }
    assert all(m.files == (m.path,) and m.installed_unix_s and not m.verified for m in library.installed())
    assert library.broken() == ()


def test_nothing_of_other_programs_with_a_home_of_our_own(own_home: Path) -> None:
    put(own_home / ".lmstudio/models/pub/repo/m.gguf")
    put(own_home / ".cache/huggingface/hub/models--a--b/snapshots" / COMMIT / "default.gguf")
    added("mine.gguf")
    assert [m.name for m in library.installed()] == ["mine"]


def test_the_same_bytes_are_one_model_of_the_most_telling_origin(home: Path) -> None:
    pointer = cached(model_bytes("one"))
    cached(model_bytes("one"), "d" * 40)
    studio = home / ".lmstudio/models/pub/repo/one.gguf"
    studio.parent.mkdir(parents=True)
    studio.symlink_to(pointer.resolve())
    os.link(pointer.resolve(), added("x.gguf").with_name("hard.gguf"))
    folders.add_file(str(studio))
    (first, second) = sorted(library.installed(), key=lambda m: m.name)
    assert (first.origin, first.path) == (Origin.HF_CACHE, str(pointer))
    assert second.name == "x"


def test_a_whole_set_is_preferred_to_a_part_of_it(home: Path) -> None:
    one, two = shard_bytes(2)
    names = [f"m-Q8_0-0000{i}-of-00002.gguf" for i in (1, 2)]
    first = cached(one, name=names[0], digest="1" * 64)
    newer = [cached(c, "d" * 40, n, d * 64) for c, n, d in zip((one, two), names, "12", strict=True)]
    put(first.parents[2] / "refs/main", COMMIT.encode())
    (found,) = library.installed()
    assert (found.files, found.revision) == (tuple(map(str, newer)), "d" * 40)
    assert library.broken() == (), "the older snapshot's part is in use"


def test_two_revisions_that_share_a_shard_are_two_models() -> None:
    first, old, new = *shard_bytes(2), shard_bytes(2)[1] + b"\0" * 64
    for commit, digest, second in (("1" * 40, "d" * 64, old), ("2" * 40, "e" * 64, new)):
        cached(first, commit, "m-Q4_0-00001-of-00002.gguf")
        cached(second, commit, "m-Q4_0-00002-of-00002.gguf", digest)
    assert sorted(m.revision or "" for m in library.installed()) == ["1" * 40, "2" * 40]
    assert library.broken() == ()


def test_an_ollama_blob_is_known_by_its_header(home: Path) -> None:
    from tests.hub.test_library import sparse_distill

    blob = pulled(home, "deepseek-r1/1.5b-qwen-distill-fp16", b"")
    sparse_distill(blob)
    (found,) = library.installed()
    assert (found.model, found.name, found.quant) == ("r1-distill-qwen-1.5b", "R1-Distill-Qwen-1.5B", "F16")
    assert (found.origin, found.path) == (Origin.OLLAMA, str(blob))


def test_checksums_that_places_state(home: Path) -> None:
    assert library.expected_sha256(cached(model_bytes())) == "b" * 64
    assert library.expected_sha256(str(pulled(home, "m/1b", model_bytes()))) == "a" * 64
    assert library.expected_sha256(added("m.gguf")) is None
    assert library.expected_sha256(put(home / "blobs" / "sha256-nonsense")) is None
    assert library.expected_sha256(put(home / "elsewhere" / ("b" * 64))) is None


# --- Only what is complete ---------------------------------------------------------------------------------------------


def needed_bytes(content: bytes, elements: int = 256) -> int:
    """Up to where the last tensor ends; what follows is padding."""
    return len(content) - (-elements % gguf_raw.ALIGNMENT)


def test_no_truncation_is_ever_listed() -> None:
    content = model_bytes(elements=250)
    path = added("cut.gguf")
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        verdict = examine.examine(Candidate(Origin.FILE, (path,)))
        assert (verdict.kind is Kind.MODEL) == (size >= needed_bytes(content, 250)), size
        assert verdict.kind is Kind.MODEL or verdict.why


@pytest.mark.parametrize("seed", range(20))
def test_no_truncation_of_a_part_is_ever_listed(seed: int) -> None:
    dice = random.Random(seed)
    contents = shard_bytes(3, dice.randint(1, 5000))
    victim = dice.randrange(3)
    contents[victim] = contents[victim][: dice.randrange(len(contents[victim]) - gguf_raw.ALIGNMENT)]
    for i, content in enumerate(contents, 1):
        added(f"m-0000{i}-of-00003.gguf", content)
    assert library.installed() == ()
    (problem,) = library.broken()
    assert problem.size_bytes == sum(map(len, contents))
    assert f"0000{victim + 1}-of" in problem.why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (model_bytes(elements=4_700_000_0)[:31_000_000], "31 MB of 47 MB are here."),
        (model_bytes(elements=4_700_000)[:-1000], "1,000 of "),
        (b"\0" * 2_000_000, "It begins with zeros: an interrupted download left 2.0 MB without content."),
        (b"", "It has only 0 bytes."),
        (b"<!doctype html>" + b" " * 50, "It is a web page."),
        (b"version https://git-lfs.github.com/spec/v1", "pointer of a large file in git"),
        (model_bytes()[:100], "It ends in the middle of its header, after 100 bytes."),
    ],
)
def test_what_is_wrong_is_said_with_numbers(content: bytes, why: str) -> None:
    added("m.gguf", content)
    assert library.installed() == ()
    (problem,) = library.broken()
    assert why in problem.why
    assert (problem.origin, problem.size_bytes) == (Origin.FOLDER, len(content))


def test_a_part_of_another_set_and_a_renamed_part_are_no_model() -> None:
    good, other = shard_bytes(2), shard_bytes(3)
    added("a-00001-of-00002.gguf", good[0])
    added("a-00002-of-00002.gguf", other[1])
    added("b.gguf", good[0])
    assert library.installed() == ()
    assert len(library.broken()) == 2


@pytest.mark.parametrize(
    "content",
    [
        model_bytes(architecture="clip"),
        model_bytes(**{"general.type": "adapter"}),
        model_bytes(**{"general.type": "imatrix"}),
        gguf_raw.header({"general.architecture": "llama"}, [])[0],
    ],
)
def test_what_goes_with_a_model_is_neither_listed_nor_broken(content: bytes) -> None:
    added("innocent-name.gguf", content)
    assert library.scan() == ((), ())


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_said() -> None:
    added("m.gguf").chmod(0)
    (problem,) = library.broken()
    assert problem.why == "It cannot be read: Permission denied."


# --- Whatever the folders hold -----------------------------------------------------------------------------------------


def test_names_of_any_kind_crash_nothing() -> None:
    for raw in (b"new\nline.gguf", b"bidi-\xe2\x80\xaegnp.gguf", b"n" * 240 + b".gguf", b"no-text-\xff.gguf"):
        name = os.fsdecode(raw)
        added("x.gguf").rename(added("x.gguf").with_name(name))
        put(added("x.gguf").with_name(name), model_bytes(""))
    added("x.gguf").unlink()
    found, problems = library.scan()
    assert len(found) == 3
    json.dumps(to_json((found, problems)), ensure_ascii=False).encode()
    assert all(m.name.isprintable() and len(m.name) <= 120 for m in found)
    (problem,) = problems
    assert "Rename it" in problem.why
    assert library.scan() == (found, problems)


def test_a_name_in_a_header_is_made_printable() -> None:
    added("m.gguf", model_bytes("evil\n\u202e\x1b[31m" + "x" * 500))
    (found,) = library.installed()
    assert found.name.startswith("evil\ufffd\ufffd\ufffd[31m")
    assert len(found.name) <= 120


def test_files_that_vanish_while_they_are_looked_at_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = added("kept.gguf"), added("gone.gguf")
    real = examine.read_header

    def read(path: Path, *rest: int) -> object:
        gone.unlink(missing_ok=True)
        return real(path, *rest)

    monkeypatch.setattr(examine, "read_header", read)
    found, problems = library.scan()
    assert {m.path for m in found} <= {str(kept)}
    assert problems == ()
    assert [m.path for m in library.installed()] == [str(kept)]


def test_pipes_devices_and_dangling_links_are_passed_over() -> None:
    good = added("good.gguf")
    os.mkfifo(good.with_name("pipe.gguf"))
    good.with_name("device.gguf").symlink_to("/dev/zero")
    good.with_name("dangling.gguf").symlink_to("nowhere")
    folders.add_file(str(good.with_name("pipe.gguf")))
    folders.add_file("/dev/zero")
    folders.add_searched("/nowhere/at/all")
    found, problems = library.scan()
    assert [m.path for m in found] == [str(good)]
    assert problems == ()


# --- Quickly -----------------------------------------------------------------------------------------------------------


def test_a_second_scan_reads_no_header(headers_read: list[str]) -> None:
    for i, content in enumerate(shard_bytes(2), 1):
        added(f"set-0000{i}-of-00002.gguf", content)
    added("aside.gguf", model_bytes(architecture="clip"))
    first = library.scan()
    assert sorted(headers_read) == ["aside.gguf", "set-00001-of-00002.gguf", "set-00002-of-00002.gguf"]
    headers_read.clear()
    assert library.scan() == first
    assert headers_read == []


@pytest.mark.parametrize("change", [lambda p: put(p, age_s=60), lambda p: put(p, model_bytes("other"))])
def test_a_file_that_changed_is_read_again(headers_read: list[str], change: Callable[[Path], Path]) -> None:
    path = added("m.gguf")
    library.scan()
    headers_read.clear()
    change(path)
    library.scan()
    assert headers_read == ["m.gguf"]


def test_a_file_that_changed_just_now_is_not_trusted_to_stay(headers_read: list[str]) -> None:
    added("m.gguf", age_s=0.0)
    library.scan()
    library.scan()
    assert headers_read == ["m.gguf"] * 2


def test_broken_files_are_looked_at_each_time(headers_read: list[str]) -> None:
    added("m.gguf", b"GGUF")
    assert library.broken() == library.broken()
    assert len(headers_read) >= 2


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"version": 7}', b"[" * 100_000])
def test_a_damaged_memory_is_made_anew(headers_read: list[str], damage: bytes) -> None:
    added("m.gguf")
    first = library.scan()
    (memory,) = cache_dir().glob("seen-models.json")
    memory.write_bytes(damage)
    assert library.scan() == first
    headers_read.clear()
    assert library.scan() == first
    assert headers_read == []
    assert not list(cache_dir().glob("*.tmp"))


def test_the_memory_is_bounded_and_another_catalog_forgets_it(
    headers_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MAX_ENTRIES", 3)
    for i in range(5):
        added(f"{i}.gguf")
    library.scan()
    headers_read.clear()
    library.scan()
    assert len(headers_read) == 2
    monkeypatch.setattr(seen, "_version", lambda: "another")
    headers_read.clear()
    library.scan()
    assert len(headers_read) == 5


def test_a_memory_that_cannot_be_written_costs_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    added("m.gguf")
    (cache_dir() / "seen-models.json").mkdir()
    assert len(library.installed()) == 1
    assert len(library.installed()) == 1
    assert not list(cache_dir().glob("*.tmp"))


# --- Disks -------------------------------------------------------------------------------------------------------------


def test_each_disk_is_told_once_with_what_is_on_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(model_bytes())
    added("a.gguf", model_bytes())
    usb = put(home / "usb/m.gguf", model_bytes())
    folders.add_file(str(usb))
    use = library.disk_use()
    assert (use.folder, use.models_bytes, use.others) == (str(hub_cache_dir()), 3 * usb.stat().st_size, ())
    real = disks.device
    monkeypatch.setattr(disks, "device", lambda path: -1 if path.is_relative_to(home / "usb") else real(path))
    use = library.disk_use()
    assert use.models_bytes == 2 * usb.stat().st_size
    (other,) = use.others
    assert (other.folder, other.models_bytes, other.partial_bytes) == (str(home / "usb"), usb.stat().st_size, 0)
    folders.set_downloads(str(home / "usb" / "new"))
    use = library.disk_use()
    assert (use.folder, use.models_bytes) == (str(home / "usb" / "new"), usb.stat().st_size)
    assert [replace(o, free_bytes=0).folder for o in use.others] == [str(hub_cache_dir())]


def test_the_file_to_load_is_the_models_whatever_stands_first() -> None:
    files = tuple(ModelFile(n, 1, "d" * 64) for n in ("mmproj-F16.gguf", "m-Q4_0-00001-of-00002.gguf"))
    request = DownloadRequest("m", "M", "Q4_0", "org/m-GGUF", files, 2, COMMIT)
    assert Path(index.first_of(request)).name == "m-Q4_0-00001-of-00002.gguf"
    assert index.first_of(replace(request, revision="../..")) == ""
