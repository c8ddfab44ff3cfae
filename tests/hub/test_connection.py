"""The test of the connection, against hubs and proxies on this machine, and the command that shows it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import certificates, connection, network
from launcher.catalog.connection import ConnectionReport, ConnectionStep
from launcher.catalog.network import NetworkSettings
from launcher.cli.main import run_command
from tests.fakes.certificates import private_ca
from tests.fakes.hub import FakeHub, Fault
from tests.fakes.proxy import ForwardProxy, SocksProxy

REPO, FILE = "org/model-GGUF", "model-Q4_0.gguf"
NAMES = {"hub.test": "127.0.0.1"}


@pytest.fixture(autouse=True)
def plain_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "no_proxy", "HF_TOKEN", *certificates.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    # The product's limits are for people who wait; a machine that runs many tests at once may need longer for a handshake.
    for limit in ("launcher.catalog.connection.TIMEOUT_S", "launcher.catalog.hub.TIMEOUT_S"):
        monkeypatch.setattr(limit, 60.0)
    monkeypatch.setattr(connection, "STEP_LIMIT_S", 120.0)
    yield
    network.configure(NetworkSettings())
    close_session()


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub() as server:
        server.add_file(REPO, "README.md", b"hello")
        server.add_file(REPO, FILE, b"GGUF" + bytes(200_000))
        server.add_file(REPO, "model-Q8_0.gguf", b"GGUF" + bytes(400_000))
        yield server


def go(repo: str = REPO) -> ConnectionReport:
    seen: list[ConnectionStep] = []
    report = connection.test_connection(seen.append, threading.Event(), repo)
    ended = [step for step in seen if step.state != "running"]
    assert tuple(ended) == report.steps
    assert [s.name for s in seen if s.state == "running"] == [
        s.name for s in report.steps if s.state != "skipped" or s.text
    ]
    return report


def states(report: ConnectionReport) -> dict[str, str]:
    return {step.name: step.state for step in report.steps}


def text_of(report: ConnectionReport, name: str) -> str:
    return next(step.text for step in report.steps if step.name == name)


def test_whole_way(fake: FakeHub) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    report = go()
    assert report.error is None
    assert states(report) == {
        "settings": "ok",
        "way": "ok",
        "encryption": "skipped",
        "hub": "ok",
        "token": "skipped",
        "file": "ok",
    }
    assert fake.endpoint in text_of(report, "settings")
    assert "No proxy." in text_of(report, "settings")
    assert f"65,536 bytes of {FILE} came from {fake.cdn.removeprefix('http://')}" in text_of(report, "file")
    assert fake.gets()[0].range == "bytes=0-65535"


def test_encryption_names_who_signed(tmp_path: Path) -> None:
    ca = private_ca(tmp_path)
    with FakeHub(tls=ca.server_context()) as fake:
        fake.add_file(REPO, FILE, b"GGUF" + bytes(10))
        network.configure(NetworkSettings(fake.endpoint, ca_file=str(ca.ca_file)))
        trusted = go()
        network.configure(NetworkSettings(fake.endpoint))
        untrusted = go()
    assert trusted.error is None, trusted
    assert "Office (Office Inspection CA) signed it" in text_of(trusted, "encryption"), trusted
    assert str(ca.ca_file) in text_of(trusted, "settings")
    assert states(untrusted)["encryption"] == "failed", untrusted
    assert states(untrusted)["hub"] == "skipped"
    assert untrusted.error is not None
    assert untrusted.error.code == "certificate", untrusted
    assert "test_connection" not in [s.action for s in untrusted.error.next_steps]


@pytest.mark.parametrize("kind", [ForwardProxy, SocksProxy])
def test_through_a_proxy(fake: FakeHub, kind: type[ForwardProxy]) -> None:
    with kind(names=NAMES) as proxy:
        network.configure(NetworkSettings(fake.endpoint.replace("127.0.0.1", "hub.test"), proxy.url))
        report = go()
        assert report.error is None
        assert f"Proxy: {proxy.url}, from the settings." in text_of(report, "settings")
        assert f"The proxy {proxy.url} answers" in text_of(report, "way")


def test_proxy_that_wants_a_password(fake: FakeHub) -> None:
    with ForwardProxy("ann", "pencil", names=NAMES) as proxy:
        network.configure(NetworkSettings(fake.endpoint.replace("127.0.0.1", "hub.test"), proxy.url))
        report = go()
    assert report.error is not None
    assert report.error.code == "proxy_password"
    assert states(report)["way"] == "ok"  # it is there
    assert states(report)["hub"] == "failed"


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_nobody_there(proxy: str) -> None:
    network.configure(NetworkSettings("http://hub.test" if proxy else "http://127.0.0.1:9", proxy))
    report = go()
    assert states(report)["way"] == "failed"
    assert states(report)["file"] == "skipped"
    assert report.error is not None
    assert report.error.code == ("proxy_failed" if proxy else "hub_unreachable")
    assert "refused" in text_of(report, "way")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (NetworkSettings("mirror.example"), "bad_endpoint"),
        (NetworkSettings("http://hub.test", "ftp://x"), "bad_proxy"),
        (NetworkSettings("http://hub.test", ca_file="/nowhere.pem"), "ca_file"),
        (NetworkSettings("http://hub.test", offline=True), "offline_mode"),
    ],
)
def test_settings_that_cannot_work_are_the_first_step(settings: NetworkSettings, code: str) -> None:
    network.configure(settings)
    report = go()
    assert report.error is not None
    assert report.error.code == code
    assert states(report)["settings"] == "failed"


def test_login_page(fake: FakeHub) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    fake.fail(Fault("html", where="api"))
    report = go()
    assert report.error is not None
    assert report.error.code == "hub_unexpected"
    assert states(report)["hub"] == "failed"


def test_storage_that_sends_something_else(fake: FakeHub) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    fake.fail(Fault("html", where="cdn"))
    report = go()
    assert states(report)["hub"] == "ok"
    assert states(report)["file"] == "failed"
    assert report.error is not None
    assert report.error.code == "hub_unexpected"


def test_repository_that_a_mirror_does_not_have(fake: FakeHub) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    report = go("org/other")
    assert report.error is not None
    assert report.error.code == "repo_not_found"


def test_token_of_a_hub_without_accounts_is_no_failure(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    report = go()
    assert states(report)["token"] == "skipped"
    assert "answered 404" in text_of(report, "token")
    assert "hf_secret" not in repr(report)


@pytest.mark.parametrize("status", [401, 403])
def test_token_that_is_refused(fake: FakeHub, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    fake.fail(Fault("status", path="/api/whoami-v2", where="resolve", status=status))
    report = go()
    assert states(report)["token"] == "failed"
    assert report.error is not None
    assert report.error.code == "token_refused"
    assert "HF_TOKEN" in report.error.why


def test_stop_ends_it_at_once(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    monkeypatch.setattr(connection, "TIMEOUT_S", 1.0)
    monkeypatch.setattr("launcher.catalog.hub.TIMEOUT_S", 1.0)
    fake.fail(Fault("stall", where="api", seconds=1.5))
    stop = threading.Event()

    def on_step(step: ConnectionStep) -> None:
        if (step.name, step.state) == ("hub", "running"):
            threading.Timer(0.1, stop.set).start()

    report = connection.test_connection(on_step, stop, REPO)
    assert states(report) == {
        "settings": "ok",
        "way": "ok",
        "encryption": "skipped",
        "hub": "skipped",
        "token": "skipped",
        "file": "skipped",
    }
    assert report.error is None
    assert text_of(report, "hub") == "Stopped."


def test_step_that_takes_too_long_is_given_up(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the client's own time limit does not help: a server that drips, a look-up of a name that hangs."""
    network.configure(NetworkSettings(fake.endpoint))
    monkeypatch.setattr(connection, "STEP_LIMIT_S", 0.3)
    release = threading.Event()
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: release.wait(10))
    try:
        report = go()
    finally:
        release.set()
    assert report.error is not None
    assert report.error.code == "hub_unreachable"
    assert states(report)["way"] == "failed"


def test_the_catalog_gives_a_small_repository() -> None:
    repo = connection.small_repo()
    assert repo.count("/") == 1


# --- The command -------------------------------------------------------------------------------------------------------


def test_command_shows_what_is_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    config = own_home / "launcher" / "config"
    config.mkdir(parents=True)
    (config / "settings.toml").write_text(
        '[hub]\nendpoint = "https://mirror.example/hf"\n[network]\nproxy = "socks5://ann@proxy.office:1080"\noffline = true\n'
    )
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert run_command(["network", "--json"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text) == {
        "endpoint": "https://mirror.example/hf",
        "proxy": {"address": "socks5://proxy.office:1080", "source": "settings"},
        "proxy_script": None,
        "certificates": [],
        "token_source": None,
        "offline": "settings",
    }
    assert run_command(["network"]) == 0
    shown = capsys.readouterr().out
    assert "socks5://proxy.office:1080 (from the settings)" in shown
    assert "on, in the settings" in shown


def test_command_tests_the_way(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    assert run_command(["network", "test", "--repo", REPO]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  ", "ok  ", "-   ", "ok  ", "-   ", "ok  "]
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert run_command(["network", "test", "--repo", REPO, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert [s["state"] for s in document["steps"]] == ["ok", "failed", "skipped", "skipped", "skipped", "skipped"]
    assert document["error"]["code"] == "hub_unreachable"
    assert document["error"]["next"]
