"""Listings through the real huggingface_hub client, against a hub on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import hub
from launcher.core.errors import UserError
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def test_resolve_gives_sizes_checksums_and_commit(fake: FakeHub) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", b"four")
    sums = [fake.add_file(REPO, f"Q8_0/model-Q8_0-0000{i}-of-00002.gguf", b"x" * i) for i in (1, 2)]
    found = hub.resolve(REPO, "Q8_0")
    assert found.commit == fake.commit(REPO)
    assert [(f.name, f.size_bytes, f.sha256) for f in found.files] == [
        ("Q8_0/model-Q8_0-00001-of-00002.gguf", 1, sums[0]),
        ("Q8_0/model-Q8_0-00002-of-00002.gguf", 2, sums[1]),
    ]
    assert list(hub.quants(hub.list_files(REPO))) == ["Q8_0", "Q4_0"]


def test_pinned_revision_shows_the_old_file(fake: FakeHub) -> None:
    old = fake.add_file(REPO, "model-Q4_0.gguf", b"old")
    commit = fake.commit(REPO)
    fake.add_file(REPO, "model-Q4_0.gguf", b"newer")
    assert hub.resolve(REPO, "Q4_0", revision=commit).files[0].sha256 == old
    assert hub.resolve(REPO, "Q4_0").files[0].sha256 == hashlib.sha256(b"newer").hexdigest()


def test_checksum_that_the_listing_lacks_is_asked_of_the_file(fake: FakeHub) -> None:
    total = fake.add_file(REPO, "model-Q4_0.gguf", b"content")
    fake.fail(Fault("no_lfs", where="api"))
    found = hub.resolve(REPO, "Q4_0").files[0]
    assert (found.size_bytes, found.sha256) == (7, total)
    assert [r.method for r in fake.log if r.where == "resolve"] == ["HEAD"]


def test_token_goes_to_the_hub_and_not_to_the_storage_host(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.utils import get_session

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fake.add_file(REPO, "model-Q4_0.gguf", b"content")
    found = hub.resolve(REPO, "Q4_0")
    answer = get_session().get(hub.file_url(REPO, found.commit, "model-Q4_0.gguf"), headers=hub.request_headers())
    assert answer.content == b"content"
    sent = {r.where: r.headers.get("authorization") for r in fake.log}
    assert sent == {"api": "Bearer hf_secret", "resolve": "Bearer hf_secret", "cdn": None}


@pytest.mark.parametrize(
    ("status", "error_code", "code", "words"),
    [
        (401, "GatedRepo", "gated", "accept terms"),
        (403, "GatedRepo", "gated", "accept terms"),
        (403, "", "gated", "accept terms"),
        (401, "RepoNotFound", "repo_not_found", "was not found"),
        (401, "", "repo_not_found", "was not found"),
        (404, "RevisionNotFound", "revision_not_found", "version"),
        (503, "", "hub_trouble", "trouble"),
        (418, "", "hub_unexpected", "as a hub does"),
    ],
)
def test_refusals_become_sentences(fake: FakeHub, status: int, error_code: str, code: str, words: str) -> None:
    fake.fail(Fault("status", where="api", status=status, error_code=error_code))
    with pytest.raises(UserError, match=words) as caught:
        hub.list_files(REPO)
    assert caught.value.code == code
    assert str(status) in caught.value.why
    assert caught.value.next_steps
    if code == "gated":
        assert caught.value.next_steps[0].action == "open_page"
        assert caught.value.next_steps[0].argument == f"{fake.endpoint}/{REPO}"


def test_rate_limit_says_how_long(fake: FakeHub) -> None:
    fake.fail(Fault("status", where="api", status=429, retry_after=90))
    with pytest.raises(UserError) as caught:
        hub.list_files(REPO)
    assert caught.value.code == "rate_limited"
    assert "1 min 30 s" in caught.value.why


def test_missing_repository(fake: FakeHub) -> None:
    with pytest.raises(UserError) as caught:
        hub.list_files("org/nothing")
    assert caught.value.code == "repo_not_found"


def test_login_page_is_named(fake: FakeHub) -> None:
    fake.fail(Fault("html", where="api"))
    with pytest.raises(UserError, match="did not answer as a hub does"):
        hub.list_files(REPO)


def test_nobody_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"127.0.0.1:9 could not be reached") as caught:
        hub.list_files(REPO)
    assert caught.value.code == "hub_unreachable"
    close_session()


def test_silent_hub_is_given_up(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TIMEOUT_S", 0.3)
    fake.fail(Fault("stall", where="api", seconds=5))
    with pytest.raises(UserError, match="did not answer") as caught:
        hub.list_files(REPO)
    assert caught.value.code == "hub_unreachable"


def test_nonsense_name_is_refused_before_any_request(fake: FakeHub) -> None:
    with pytest.raises(UserError, match="not a repository name"):
        hub.list_files("org/a/b c")
    assert not fake.log


@pytest.mark.parametrize(
    "name",
    ["../x.gguf", "a/../../x.gguf", "/etc/x.gguf", "a\\b.gguf", "C:x.gguf", "a//b.gguf", "x.gguf ", "a\nb.gguf", ""],
)
def test_names_that_could_leave_their_folder_are_not_listed(fake: FakeHub, name: str) -> None:
    assert not hub.is_safe_name(name)
    fake.add_file(REPO, name, b"evil")
    fake.add_file(REPO, "good-Q4_0.gguf", b"good")
    assert [f.name for f in hub.list_files(REPO).files] == ["good-Q4_0.gguf"]
