"""The check for updates, against feeds on this machine: what it says, what it refuses, and that it asks only when told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher import __version__
from launcher.catalog import certificates, network, releases
from launcher.catalog.network import NetworkSettings
from launcher.cli.main import run_command
from launcher.core.errors import UserError
from launcher.core.paths import config_dir
from launcher.store.settings import OFFLINE, RELEASE_FEED, Settings
from tests.fakes.certificates import private_ca
from tests.fakes.feed import Answer, Feed, lists, release, sends
from tests.fakes.proxy import ForwardProxy


@pytest.fixture(autouse=True)
def plain_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "no_proxy", *certificates.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    network.configure(NetworkSettings())
    yield
    network.configure(NetworkSettings())
    close_session()


def refusal(feed: str, stop: threading.Event | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        releases.look(feed, stop)
    return caught.value


# --- what it finds ----------------------------------------------------------------------------------------------------


def test_newer_releases_with_their_notes_the_newest_first() -> None:
    page = "https://server.example/releases/v0.3.0"
    entries = (
        release("v0.1.0"),
        release("v0.3.0", "### Added\r\n- A door\u202e\x1b[31m\r\n", page),
        release("v0.2.0", "- A window"),
        release("v0.4.0", draft=True),
        release("v0.5.0-rc.1", prerelease=True),
        release("v0.6.0", prerelease=True),
        release("nightly"),
    )
    with Feed(lists(*entries)) as feed:
        answer = releases.look(feed.address, installed="0.1.0")
    assert [r.version for r in answer.newer] == ["0.3.0", "0.2.0"]
    newest = answer.newer[0]
    assert answer.newest == newest
    assert newest.notes == "### Added\n- A door[31m"  # nothing that hides, reorders or colours letters
    assert (newest.published, newest.page) == ("2026-11-22", page)
    # Who asks is all that is told.
    told = {name.lower(): value for name, value in feed.asked[0].items()}
    assert told["user-agent"] == f"launcher/{__version__}"
    assert not {"authorization", "cookie", "referer"} & told.keys()
    assert len(feed.asked) == 1


def test_the_newest_is_installed() -> None:
    with Feed(lists(release("0.1.0"), release("0.0.9"))) as feed:
        answer = releases.look(feed.address, installed="0.1.0")
        ahead = releases.look(feed.address, installed="0.2.0.dev3")
    assert answer.newer == ahead.newer == ()
    assert answer.newest is not None
    assert answer.newest.version == "0.1.0"


def test_a_candidate_is_told_of_newer_candidates() -> None:
    with Feed(lists(release("v0.2.0-rc.2", prerelease=True), release("v0.1.9"))) as feed:
        answer = releases.look(feed.address, installed="0.2.0rc1")
    assert [r.version for r in answer.newer] == ["0.2.0-rc.2"]


def test_one_release_alone_and_none_at_all() -> None:
    with Feed(sends(json.dumps(release("v9.0")).encode())) as feed:
        assert [r.version for r in releases.look(feed.address).newer] == ["9.0"]
    with Feed(lists()) as feed:
        assert releases.look(feed.address).newest is None


@pytest.mark.parametrize(
    "page",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@host.example/",
        "https://host.example/a b",
        "x",
        7,
        "http://[::1",
    ],
)
def test_a_page_that_no_browser_should_open_is_none(page: object) -> None:
    with Feed(lists({**release("9.0"), "html_url": page})) as feed:
        assert releases.look(feed.address).newer[0].page == ""


def test_long_notes_are_cut() -> None:
    with Feed(lists(release("9.0", "x" * 100_000))) as feed:
        assert len(releases.look(feed.address).newer[0].notes) == 20_001


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_no_feed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "RELEASE_FEED", "")
    assert releases.feed_address("  ") == ""
    error = refusal(releases.feed_address())
    assert error.code == "no_release_feed"
    assert error.what == "No release feed is set in this build."
    monkeypatch.setattr(releases, "RELEASE_FEED", "https://server.example/list")
    assert releases.feed_address() == "https://server.example/list"
    assert releases.feed_address(" https://other.example ") == "https://other.example"


@pytest.mark.parametrize(
    "text", ["server", "ftp://server.example", "http://", "http://[::1", "https://me:pw@server.example/x", "http://a b"]
)
def test_an_address_that_is_none(text: str) -> None:
    assert refusal(text).code == "bad_feed"


def test_offline_mode_asks_nobody() -> None:
    network.configure(NetworkSettings(offline=True))
    with Feed(lists(release("9.0"))) as feed:
        assert refusal(feed.address).code == "offline_mode"
    assert feed.asked == []


def test_nobody_there() -> None:
    with Feed(lists()) as feed:
        address = feed.address
    error = refusal(address)
    assert error.code == "hub_unreachable"
    assert "connection refused" in error.why
    assert [step.label for step in error.next_steps] == ["Try again"]  # a mirror of models would not help


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"<html>Log in</html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b'{"message": "hello"}', "not a list of releases"),
        (b'["v1.0"]', "not a list of releases"),
        (b'[{"tag_name": 7}]', "not a list of releases"),
        (b"7", "not a list of releases"),
        (b'"' + b"x" * (5 * 2**20) + b'"', "larger than 4 MB"),
    ],
)
def test_an_answer_that_is_no_feed(body: bytes, word: str) -> None:
    with Feed(sends(body)) as feed:
        error = refusal(feed.address)
    assert error.code == "feed_unreadable"
    assert word in error.why


@pytest.mark.parametrize("status", [404, 403, 429, 500, 204])
def test_an_answer_that_is_a_refusal(status: int) -> None:
    with Feed(sends(b"", status)) as feed:
        error = refusal(feed.address)
    assert error.code == "feed_refused"
    assert str(status) in error.why


def test_a_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "TIMEOUT_S", 0.2)
    may_end = threading.Event()
    with Feed(lambda handler: may_end.wait(60) and None) as feed:  # pyright: ignore[reportReturnType]
        error = refusal(feed.address)
        may_end.set()
    assert error.code == "hub_unreachable"
    assert "did not answer" in error.what


def dripping(gone: threading.Event) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not gone.wait(0.01):
                handler.wfile.write(b" ")
        except OSError:
            gone.set()

    return answer


def test_a_server_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "LIMIT_S", 0.3)
    gone = threading.Event()
    with Feed(dripping(gone)) as feed:
        error = refusal(feed.address)
        gone.set()
    assert error.code == "feed_slow"


def test_it_can_be_stopped() -> None:
    gone, stop = threading.Event(), threading.Event()
    stop.set()
    with Feed(dripping(gone)) as feed:
        assert refusal(feed.address, stop).code == "update_check_stopped"
        gone.set()


# --- the way there ----------------------------------------------------------------------------------------------------


def test_through_the_proxy_of_the_settings() -> None:
    with Feed(lists(release("9.0"))) as feed, ForwardProxy(names={"feed.test": "127.0.0.1"}) as proxy:
        network.configure(NetworkSettings(proxy=proxy.url))
        answer = releases.look(feed.address.replace("127.0.0.1", "feed.test"))
    assert answer.newer[0].version == "9.0"
    assert answer.host.startswith("feed.test:")


def test_certificates(tmp_path: Path) -> None:
    ca = private_ca(tmp_path)
    with Feed(lists(release("9.0")), ca.server_context()) as feed:
        network.configure(NetworkSettings(ca_file=str(ca.ca_file)))
        assert releases.look(feed.address).newer
        network.configure(NetworkSettings())
        assert refusal(feed.address).code == "certificate"


def test_from_encrypted_to_plain_is_refused(tmp_path: Path) -> None:
    ca = private_ca(tmp_path)
    network.configure(NetworkSettings(ca_file=str(ca.ca_file)))
    with (
        Feed(lists(release("9.0"))) as plain,
        Feed(sends(b"", 302, Location=plain.address), ca.server_context()) as feed,
    ):
        error = refusal(feed.address)
    assert (error.code, error.why) == ("feed_refused", "It sends on to an address that is not encrypted.")


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with Feed(lists(release("v99.0", "- A door", "https://server.example/99"))) as feed:
        Settings(config_dir() / "settings.toml").set(RELEASE_FEED, feed.address)
        assert run_command(["update-check"]) == 0
        said = capsys.readouterr().out
        assert run_command(["update-check", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
    assert f"Version 99.0 is out; {__version__} is installed." in said
    assert "  - A door\n  Page: https://server.example/99" in said
    assert "git pull" in said  # how to update this copy, which runs from its source
    assert "Nothing was downloaded or changed." in said
    assert document["is_newer"] is True
    assert document["installation"] == "source"
    assert document["releases"][0] == {
        "version": "99.0",
        "published": "2026-11-22",
        "notes": "- A door",
        "page": "https://server.example/99",
    }


def test_the_command_when_there_is_nothing_new(capsys: pytest.CaptureFixture[str]) -> None:
    with Feed(lists(release(__version__))) as feed:
        assert run_command(["update-check", "--feed", feed.address]) == 0
    assert capsys.readouterr().out == (
        f"Up to date: version {__version__} is installed; the newest release is {__version__}.\n"
    )
    with Feed(lists()) as feed:
        assert run_command(["update-check", "--feed", feed.address]) == 0
    assert "lists no release" in capsys.readouterr().out


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "RELEASE_FEED", "")
    assert run_command(["update-check"]) == 1
    said = capsys.readouterr().err
    assert "No release feed is set in this build." in said
    assert "Next: launcher update-check --feed ADDRESS" in said
    Settings(config_dir() / "settings.toml").set(OFFLINE, True)
    with Feed(lists()) as feed:
        assert run_command(["update-check", "--feed", feed.address, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "offline_mode"
    assert feed.asked == []
