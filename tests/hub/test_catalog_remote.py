"""Headers of models elsewhere, through real HTTP on this machine: how much is fetched, what is kept, every refusal."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import gguf, hub, remote_cache, remote_source
from launcher.catalog import load as load_catalog
from launcher.catalog.facts import facts_of
from launcher.catalog.remote import RemoteSet, read_remote_set
from launcher.catalog.remote_fetch import Patience
from launcher.core.errors import UserError
from launcher.core.models import KvLayout
from launcher.core.paths import cache_dir
from tests.fakes import gguf_raw
from tests.fakes.gguf_shapes import shapes, write_shape
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/DeepSeek-R1-GGUF"
QUICK = Patience(connect_s=5, stall_s=0.5, request_s=30, attempts=2, delay_s=0.01)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
def giant(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """R1, 671B, in five parts of which the first is metadata alone, with a vocabulary of the real size: 400 GB of holes."""
    folder = tmp_path_factory.mktemp("giant")
    whole = gguf.read_header(write_shape(folder / "whole.gguf", shapes()["v3"]))
    keys = {k: v for k, v in whole.metadata.items() if k != "general.alignment"}
    metadata = {**keys, "general.name": "DeepSeek R1", **gguf_raw.vocabulary()}
    return gguf_raw.write_set(folder, "DeepSeek-R1-Q4_K_M", metadata, whole.tensors, 5)


def publish(fake: FakeHub, paths: list[Path], folder: str = "Q4_K_M/", mark: str = "") -> None:
    for path in paths:
        sha256 = hashlib.sha256((path.name + mark).encode()).hexdigest()
        fake.add_file(REPO, folder + path.name, path, sha256)


def read(source: str = REPO, **options: object) -> RemoteSet:
    return read_remote_set(source, **{"patience": QUICK, **options})  # type: ignore[arg-type]


def refusal(source: str = REPO, **options: object) -> UserError:
    with pytest.raises(UserError) as caught:
        read(source, **options)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.next_steps
    return caught.value


def one_file(fake: FakeHub, tmp_path: Path, name: str = "m-Q4_0.gguf", vocab: int = 8000) -> tuple[Path, str]:
    """A single file of 1 GB with 0.3 MB of header (60,000 words: 2.2 MB), and its link at a server that is no hub."""
    keys = {"general.architecture": "llama", "general.name": "Tiny", **gguf_raw.vocabulary(vocab)}
    path = gguf_raw.write(tmp_path / name, keys, [("token_embd.weight", (256, 320), 0), ("x", (2**28,), 0)])
    fake.add_file(REPO, name, path, hashlib.sha256(name.encode()).hexdigest())
    return path, f"{fake.cdn}/{REPO}/resolve/main/{name}"


# --- What is fetched and kept -----------------------------------------------------------------------------------------


def test_a_giant_costs_some_megabytes(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    remote = read()
    assert sum(f.size_bytes or 0 for f in remote.files) == sum(p.stat().st_size for p in giant) > 350e9
    assert remote.headers == gguf.read_set(giant[0])
    header_bytes = sum(h.data_offset for h in remote.headers)
    assert 4.6e6 < header_bytes < remote.fetched_bytes < header_bytes + 2 * 2**20
    assert fake.sent_bytes() < header_bytes + 3 * 2**20, "and no more was handed to the network"
    assert (remote.name, remote.repo, remote.quant) == ("DeepSeek-R1-Q4_K_M", REPO, "Q4_K_M")
    assert remote.revision == fake.commit(REPO)
    assert remote.note == ""
    facts = facts_of(remote.headers)
    assert facts.kv_layout is KvLayout.MLA
    assert facts.exact


def test_kept_files_hold_exactly_the_headers_under_their_own_names(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    remote = read()
    for path, there, header in zip(giant, remote.header_paths, remote.headers, strict=True):
        assert there.name == path.name
        assert there.is_relative_to(cache_dir())
        with path.open("rb") as stream:
            assert there.read_bytes() == stream.read(header.data_offset)
    left = {p.name for p in (cache_dir() / "headers" / "files").iterdir()}
    assert not any(name.startswith("fetch-") for name in left)


def test_the_catalog_knows_it_again(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    found = read().identify(load_catalog())
    assert found.variant is not None
    assert (found.variant.id, found.quant_name) == ("r1", "Q4_K_M")


def test_second_reading_asks_for_the_listing_alone(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    first = read()
    fake.log.clear()
    second = read()
    assert second.fetched_bytes == 0
    assert second.headers == first.headers
    assert [r.where for r in fake.log] == ["api"]


def test_a_commit_is_never_asked_for_twice(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    commit = fake.commit(REPO)
    first = read(revision=commit)
    fake.log.clear()
    assert read(revision=commit) == replace(first, fetched_bytes=0)
    assert fake.log == []


def test_only_the_replaced_file_is_fetched_again(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    read()
    fake.log.clear()
    publish(fake, giant[1:2], mark="newer")
    again = read()
    assert 0 < again.fetched_bytes < 2**18
    assert {Path(r.path).name for r in fake.gets()} == {giant[1].name}


def test_away_means_the_kept_header_and_says_so(
    fake: FakeHub, giant: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(fake, giant)
    first = read()
    fake.fail(Fault("status", where="api", status=503, times=None))
    kept = read()
    assert kept.headers == first.headers
    assert kept.fetched_bytes == 0
    assert "trouble" in kept.note
    assert "header as of 20" in kept.note
    fake.heal()
    fake.fail(Fault("status", where="api", status=403, error_code="GatedRepo", times=None))
    assert refusal().code == "gated", "an answer about the model itself is not hidden"
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refusal().code == "hub_unreachable", "another hub's headers are not this one's"


@pytest.mark.parametrize("damage", ["truncated", "removed", "rewritten", "about", "set"])
def test_a_damaged_cache_is_fetched_again(fake: FakeHub, tmp_path: Path, damage: str) -> None:
    one_file(fake, tmp_path)
    commit = fake.commit(REPO)
    first = read(revision=commit)
    path = first.header_paths[0]
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-5])
    elif damage == "removed":
        path.unlink()
    elif damage == "rewritten":
        path.write_bytes(b"X" * path.stat().st_size)
    elif damage == "about":
        (path.parent / "about.json").write_text("{}")
    else:
        for kept in (cache_dir() / "headers" / "sets").iterdir():
            kept.write_text("[1]")
    again = read(revision=commit)
    assert again.headers == first.headers
    assert (again.fetched_bytes > 0) == (damage != "set")


def test_the_cache_stays_small(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_cache, "MAX_CACHE_BYTES", 700_000)
    for i in range(4):
        one_file(fake, tmp_path, f"m{i}-Q4_0.gguf")
        last = read(f"{fake.endpoint}/{REPO}/resolve/main/m{i}-Q4_0.gguf")
        assert last.header_paths[0].exists(), "what was just read stays"
    kept = list((cache_dir() / "headers" / "files").glob("*/*.gguf"))
    assert 1 <= len(kept) < 4
    assert sum(p.stat().st_size for p in kept) < 1_100_000


# --- What a person may paste ------------------------------------------------------------------------------------------


def test_any_shard_or_page_of_a_set_names_the_set(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    fake.add_file(REPO, "Q8_0/other-Q8_0.gguf", b"x")
    commit = fake.commit(REPO)
    base = f"{fake.endpoint}/{REPO}"
    for source in (
        f"{base}/resolve/main/Q4_K_M/{giant[3].name}",
        f"{base}/blob/{commit}/Q4_K_M/{giant[0].name}?download=true",
        f"https://huggingface.co/{REPO}/resolve/main/Q4_K_M/{giant[1].name}",
        f"{base}/tree/main/Q4_K_M",
        base,
        f"{REPO}:Q4_K_M",
    ):
        assert [Path(f.name).name for f in read(source).files] == [p.name for p in giant], source
    assert len(fake.gets()) <= 5 + 3, "and it was fetched once"


def test_of_several_quantisations_one_must_be_named(fake: FakeHub, tmp_path: Path) -> None:
    one_file(fake, tmp_path, "m-Q2_K.gguf")
    one_file(fake, tmp_path, "m-Q3_K_M.gguf")
    error = refusal()
    assert error.code == "quant_needed"
    assert "Q2_K, Q3_K_M" in error.why
    assert read(quant="q3_k_m").files[0].name == "m-Q3_K_M.gguf"
    assert refusal(quant="Q8_0").code == "quant_not_found"
    one_file(fake, tmp_path, "m-Q4_K_M.gguf")
    assert read().quant == "Q4_K_M", "the usual one, where it is there"


def test_nothing_to_plan_in_a_repository(fake: FakeHub) -> None:
    fake.add_file(REPO, "README.md", b"x")
    assert refusal().code == "no_model_files"


@pytest.mark.parametrize(
    "source",
    [
        "nonsense",
        "",
        "a/b/c",
        "folder/m.gguf",
        "ftp://host/m.gguf",
        "https://",
        "https://host:x/m.gguf",
        "https://host/page.html",
        "https://host/",
        "https://huggingface.co/datasets/org/data",
        "https://huggingface.co/org/repo/blob/main/README.md",
        "https://host/..%2f..%2fm%00.gguf",
        "file:///etc/m.gguf",
    ],
)
def test_what_names_no_model_is_said_before_any_request(source: str) -> None:
    assert refusal(source).code == "bad_link"


def test_secrets_of_a_link_are_not_shown() -> None:
    error = refusal("https://user:geheim@host/page.html?token=geheim")
    assert "geheim" not in error.what + error.why


def test_shards_behind_a_link_keep_its_query() -> None:
    found = remote_source.parse("https://host/a%20b/m-00002-of-00003.gguf?sig=1#top")
    assert isinstance(found, remote_source.LinkSource)
    assert found.urls[2] == "https://host/a%20b/m-00003-of-00003.gguf?sig=1"


# --- Any web server ---------------------------------------------------------------------------------------------------


def test_a_plain_server_is_asked_one_small_question_the_second_time(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    link = f"{fake.cdn}/{REPO}/resolve/main/Q4_K_M/{giant[2].name}"
    first = read(link)
    assert first.headers == gguf.read_set(giant[0])
    assert (first.repo, first.revision) == (None, None)
    assert {r.headers.get("authorization") for r in fake.log} == {None}
    fake.log.clear()
    second = read(link)
    assert (second.headers, second.fetched_bytes) == (first.headers, 0)
    assert [(r.status, r.sent_bytes) for r in fake.log] == [(304, 0)] * 5


def test_a_new_file_behind_a_link_is_noticed(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path)
    read(link)
    newer = gguf_raw.write(tmp_path / "n.gguf", {"general.architecture": "qwen2"}, [("token_embd.weight", (64, 64), 0)])
    fake.add_file(REPO, "m-Q4_0.gguf", newer)
    assert read(link).headers[0].metadata["general.architecture"] == "qwen2"


def test_a_server_without_ranges_is_read_from_the_front_and_cut_off(fake: FakeHub, tmp_path: Path) -> None:
    path, link = one_file(fake, tmp_path, vocab=60_000)
    fake.fail(Fault("no_range", times=None))
    remote = read(link)
    assert remote.headers[0] == gguf.read_header(path)
    assert remote.files[0].size_bytes == path.stat().st_size > 1e9
    assert remote.fetched_bytes < 10e6
    assert read(link).fetched_bytes == 0


def test_token_goes_to_the_hub_alone(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    _, link = one_file(fake, tmp_path)
    read()
    read(link)
    sent = {(r.where, r.headers.get("authorization")) for r in fake.log}
    assert sent == {("api", "Bearer hf_secret"), ("resolve", "Bearer hf_secret"), ("cdn", None)}


# --- What goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error_code", "code"),
    [
        (401, "GatedRepo", "gated"),
        (403, "", "gated"),
        (401, "", "repo_not_found"),
        (404, "EntryNotFound", "file_not_found"),
        (404, "RevisionNotFound", "revision_not_found"),
        (429, "", "rate_limited"),
        (500, "", "hub_trouble"),
        (503, "", "hub_trouble"),
        (418, "", "hub_unexpected"),
    ],
)
def test_refusals_of_the_hub(fake: FakeHub, tmp_path: Path, status: int, error_code: str, code: str) -> None:
    one_file(fake, tmp_path)
    for where in ("api", "resolve"):
        fake.fail(Fault("status", where=where, status=status, error_code=error_code, times=None))  # type: ignore[arg-type]
        error = refusal()
        assert error.code == code, where
        assert str(status) in error.why
        fake.heal()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "link_refused"),
        (403, "link_refused"),
        (404, "file_not_found"),
        (410, "file_not_found"),
        (416, "file_changed"),
        (418, "link_refused"),
        (429, "rate_limited"),
        (500, "hub_trouble"),
    ],
)
def test_refusals_of_a_plain_server(fake: FakeHub, tmp_path: Path, status: int, code: str) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("status", status=status, times=None))
    error = refusal(link + "?signature=geheim")
    assert error.code == code
    assert str(status) in error.why
    assert "geheim" not in repr([error.what, error.why, error.next_steps, error.detail])


def test_passing_trouble_is_sat_out(fake: FakeHub, tmp_path: Path) -> None:
    path, _ = one_file(fake, tmp_path, vocab=60_000)
    fake.fail(Fault("status", where="resolve", status=503))
    fake.fail(Fault("status", status=403))  # a signed address that has run out
    fake.fail(Fault("cut", after_bytes=300_000))
    fake.fail(Fault("reset", after_bytes=500_000))
    fake.fail(Fault("wrong_range"))
    remote = read(patience=Patience(stall_s=2, attempts=6, delay_s=0.01))
    assert remote.headers[0] == gguf.read_header(path)
    with path.open("rb") as stream:
        assert remote.header_paths[0].read_bytes() == stream.read(remote.headers[0].data_offset)


def test_a_file_that_is_replaced_meanwhile_is_read_anew_once(fake: FakeHub, tmp_path: Path) -> None:
    path, link = one_file(fake, tmp_path, vocab=60_000)
    fake.fail(Fault("wrong_etag", times=1))
    assert read(link).headers[0] == gguf.read_header(path)
    fake.fail(Fault("wrong_etag", where="resolve", times=1))
    assert read().headers[0] == gguf.read_header(path)


def test_a_file_that_never_stays_the_same_is_given_up(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path, vocab=60_000)
    fake.fail(Fault("wrong_etag", skip=1))
    fake.fail(Fault("wrong_etag", skip=2))
    assert refusal(link).code == "file_changed"
    assert len(fake.gets()) == 4


def test_another_size_than_the_listings_is_said(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = one_file(fake, tmp_path)
    real = hub.list_files

    def stale(repo: str, revision: str | None = None) -> hub.RepoListing:
        found = real(repo, revision)
        return replace(found, files=tuple(replace(f, size_bytes=7) for f in found.files))

    monkeypatch.setattr(hub, "list_files", stale)
    error = refusal()
    assert error.code == "file_changed"
    assert f"{path.stat().st_size:,}" in error.why


@pytest.mark.parametrize("source", ["hub", "link"])
def test_a_web_page_is_told_as_such(fake: FakeHub, tmp_path: Path, source: str) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("html", times=None))
    error = refusal(link if source == "link" else REPO)
    assert error.code == "hub_unexpected"
    assert "web page" in error.why


def test_a_server_that_keeps_the_size_to_itself(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("no_range", times=None))
    fake.fail(Fault("no_size", times=None))
    assert refusal(link).code == "no_size"


def test_silence_is_given_up(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("stall", after_bytes=100_000, seconds=3, times=None))
    assert refusal(link).code == "hub_unreachable"


def test_a_drip_is_given_up(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("throttle", rate_bytes_s=50_000, times=None))
    error = refusal(link, patience=Patience(stall_s=5, request_s=0.3))
    assert error.code == "hub_unreachable"
    assert "too slow" in error.what


def test_nobody_listening() -> None:
    assert refusal("http://127.0.0.1:9/m.gguf").code == "hub_unreachable"
    close_session()


def test_offline_mode_is_named(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, link = one_file(fake, tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert refusal(link).code == "offline_mode"
    assert refusal().code == "offline_mode"


@pytest.mark.parametrize("content", [b"", b"short", b"GGUF" + b"\xff" * 100_000, b"\x1f\x8b" * 1000])
def test_what_is_no_model_is_said(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, "m-Q4_0.gguf", content)
    error = refusal()
    assert error.code in ("not_gguf", "damaged_gguf")
    assert "m-Q4_0.gguf" in error.what
    assert refusal(f"{fake.cdn}/{REPO}/resolve/main/m-Q4_0.gguf").code == error.code


def test_a_hostile_header_is_not_followed_to_its_end(fake: FakeHub, tmp_path: Path) -> None:
    """It claims a vocabulary of a terabyte, and the file is that large."""
    path = tmp_path / "m-Q4_0.gguf"
    path.write_bytes(
        gguf_raw.start(0, 1) + gguf_raw.text("k") + b"\x09\0\0\0" + b"\0\0\0\0" + (2**40).to_bytes(8, "little")
    )
    with path.open("r+b") as stream:
        stream.truncate(2**40 + 2**20)
    fake.add_file(REPO, path.name, path, "a" * 64)
    assert refusal().code == "damaged_gguf"
    assert fake.sent_bytes() < 3e6


def test_a_missing_shard_behind_a_link_is_named_and_ends_the_others(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, [*giant[:3], giant[4]])
    error = refusal(f"{fake.cdn}/{REPO}/resolve/main/Q4_K_M/{giant[0].name}")
    assert error.code == "file_not_found"
    assert giant[3].name in error.what
    assert refusal().code == "incomplete_set"


def test_parts_of_two_models_are_no_set(fake: FakeHub, giant: list[Path]) -> None:
    publish(fake, giant)
    fake.add_file(REPO, f"Q4_K_M/{giant[2].name}", giant[3], "b" * 64)
    assert refusal().code == "damaged_gguf"


def test_a_disk_that_refuses_is_said(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_file(fake, tmp_path)
    (tmp_path / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path / "home"))
    assert refusal().code == "cache_unwritable"


def test_an_etag_that_is_no_etag_is_not_sent_back(fake: FakeHub, tmp_path: Path) -> None:
    path, link = one_file(fake, tmp_path)
    fake.add_file(REPO, path.name, path, "\u00e9 \u00fc" * 11)
    first = read(link)
    fake.log.clear()
    assert read(link).headers == first.headers
    assert [r.headers.get("if-none-match") for r in fake.log] == [None]


def test_stop_ends_it_soon(fake: FakeHub, tmp_path: Path) -> None:
    _, link = one_file(fake, tmp_path)
    fake.fail(Fault("throttle", rate_bytes_s=100_000, times=None))
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    error = refusal(link, stop=stop)
    timer.join()
    assert error.code == "stopped"
    assert fake.sent_bytes() < 500_000
