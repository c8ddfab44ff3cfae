"""The way to the hub, by the real client over real sockets: proxies, certificates, mirrors, offline mode, tokens."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import certificates, hub, hub_errors, network, network_errors, proxies
from launcher.catalog.network import NetworkSettings
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import UserError
from launcher.downloads.transfer.fetch import fetch as fetch_item
from launcher.downloads.transfer.retry import Policy
from launcher.services import network as network_service
from launcher.store.settings import PROXY, Settings
from tests.fakes.certificates import PrivateCa, private_ca
from tests.fakes.hub import FakeHub, Fault
from tests.fakes.proxy import ForwardProxy, SocksProxy

REPO, FILE = "org/model-GGUF", "model-Q4_0.gguf"
NAMES = {"hub.test": "127.0.0.1"}
"""A name that only the proxies know: whoever gets there went through one."""


class Given:
    """Secrets that are simply there."""

    def __init__(self, tokens: dict[str, str] | None = None, passwords: dict[str, str] | None = None) -> None:
        self._tokens, self._passwords = tokens or {}, passwords or {}

    def token(self, host: str) -> str | None:
        return self._tokens.get(host)

    def proxy_password(self, account: str) -> str | None:
        return self._passwords.get(account)


@pytest.fixture(autouse=True)
def plain_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy and no certificates but those of the test; nothing of it stays."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "no_proxy", "HF_TOKEN", *certificates.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    yield
    network.configure(NetworkSettings(), Given())
    close_session()


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub() as server:
        server.add_file(REPO, FILE, b"GGUF content")
        yield server


@pytest.fixture
def ca(tmp_path: Path) -> PrivateCa:
    return private_ca(tmp_path)


@pytest.fixture
def secure(ca: PrivateCa) -> Iterator[FakeHub]:
    with FakeHub(tls=ca.server_context(("hub.test", "localhost", "127.0.0.1"))) as server:
        server.add_file(REPO, FILE, b"GGUF content")
        yield server


def as_named(url: str) -> str:
    """An address by the name that only proxies know."""
    return url.replace("127.0.0.1", "hub.test")


def fetch() -> bytes:
    """A listing and a file, as downloads do it."""
    found = hub.resolve(REPO, "Q4_0")
    answer = network.session().get(hub.file_url(REPO, found.commit, FILE), headers=hub.request_headers(), timeout=10)
    answer.raise_for_status()
    return answer.content


def failure() -> UserError:
    with pytest.raises(UserError) as caught:
        fetch()
    return caught.value


# --- Proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ForwardProxy, SocksProxy])
@pytest.mark.parametrize("source", ["settings", "environment"])
def test_everything_goes_through_the_proxy_and_it_finds_the_name(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, kind: type[ForwardProxy], source: str
) -> None:
    with kind(names=NAMES) as proxy:
        if source == "environment":
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
        network.configure(
            NetworkSettings(endpoint=as_named(fake.endpoint), proxy=proxy.url if source == "settings" else "")
        )
        assert fetch() == b"GGUF content"
        used = network.proxy_in_use(as_named(fake.endpoint))
        assert used is not None
        assert (used.address, used.source) == (proxy.url, source)
        # The name went to the proxy. The storage host is this computer itself, which no proxy is asked for.
        assert proxy.requests
        assert all("hub.test" in request for request in proxy.requests)


@pytest.mark.parametrize("kind", [ForwardProxy, SocksProxy])
@pytest.mark.parametrize("is_secure", [False, True])
def test_password_of_the_proxy(
    fake: FakeHub, secure: FakeHub, ca: PrivateCa, kind: type[ForwardProxy], is_secure: bool
) -> None:
    endpoint = as_named((secure if is_secure else fake).endpoint)
    with kind("ann", "pen:cil @%", names=NAMES) as proxy:
        address = f"ann@{proxy.address}"
        settings = NetworkSettings(endpoint, f"{proxy.scheme}://{address}", str(ca.ca_file))
        network.configure(settings, Given(passwords={address: "pen:cil @%"}))
        assert fetch() == b"GGUF content"
        network.configure(settings, Given(passwords={address: "wrong"}))
        wrong = failure()
        network.configure(NetworkSettings(endpoint, proxy.url, str(ca.ca_file)), Given())
        missing = failure()
    assert (wrong.code, missing.code) == ("proxy_password", "proxy_password")
    assert "did not accept the password of ann" in wrong.why
    assert "none is set" in missing.why
    assert missing.next_steps[0].action == "network_settings"
    assert not any("wrong" in text for text in (wrong.what, wrong.why, wrong.detail))
    assert proxy.refused == 2


def test_password_in_the_environment_is_used_and_not_shown(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with ForwardProxy("ann", "pencil", names=NAMES) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url_with_password)
        network.configure(NetworkSettings(endpoint=as_named(fake.endpoint)))
        assert fetch() == b"GGUF content"
        used = network.proxy_in_use(as_named(fake.endpoint))
    assert used is not None
    assert used.address == proxy.url
    assert "pencil" not in repr(used)


def test_no_password_in_logs_or_errors(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HF_TOKEN", "hf_secrettoken")
    monkeypatch.setenv("HF_ENDPOINT", as_named(fake.endpoint))
    texts: list[str] = []
    for kind in (ForwardProxy, SocksProxy):
        with kind("ann", "pencil", names=NAMES) as proxy:
            account = f"ann@{proxy.address}"
            network.configure(
                NetworkSettings(proxy=f"{proxy.scheme}://{account}"), Given(passwords={account: "pencil"})
            )
            assert fetch() == b"GGUF content"
            fake.fail(Fault("status", where="api", status=403, error_code="GatedRepo"))
            error = failure()
            texts += [error.what, error.why, error.detail, repr(error.__cause__)]
    text = "\n".join([caplog.text, *texts])
    assert len(text) > 1000  # the client did log
    assert "pencil" not in text
    assert "cGVuY2ls" not in text  # in base64
    assert "hf_secrettoken" not in text


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_proxy_that_is_away(scheme: str) -> None:
    network.configure(NetworkSettings("http://hub.test", f"{scheme}://127.0.0.1:9"))
    error = failure()
    assert error.code == "proxy_failed"
    assert error.what == f"The proxy {scheme}://127.0.0.1:9 could not be reached."
    assert "the launcher's settings" in error.why
    assert "refused" in error.why
    assert [s.action for s in error.next_steps] == ["network_settings", "retry", "test_connection"]


@pytest.mark.parametrize("kind", [ForwardProxy, SocksProxy])
def test_proxy_that_does_not_go_there(secure: FakeHub, kind: type[ForwardProxy]) -> None:
    with kind() as proxy:  # it does not know the name
        network.configure(NetworkSettings(as_named(secure.endpoint), proxy.url))
        error = failure()
    assert error.code == "proxy_failed"
    assert f"{proxy.url} did not let us through to hub.test" in error.what


@pytest.mark.parametrize("kind", [ForwardProxy, SocksProxy])
def test_proxy_that_forbids_is_not_asked_again(secure: FakeHub, kind: type[ForwardProxy]) -> None:
    with kind(names={"hub.test": "127.0.0.1"}) as proxy:
        proxy.forbidden.add("hub.test")
        network.configure(NetworkSettings(as_named(secure.endpoint), proxy.url))
        error = failure()
    assert error.code == "proxy_forbids"
    assert error.code in network_errors.LASTING
    assert [s.action for s in error.next_steps] == ["network_settings", "retry", "network_settings"]


def test_silence_where_a_socks_proxy_should_be(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An HTTP server waits for the rest of what it takes for a request."""
    monkeypatch.setattr(hub, "TIMEOUT_S", 0.5)
    network.configure(NetworkSettings("http://hub.test", fake.endpoint.replace("http://", "socks5://")))
    error = failure()
    assert error.code == "hub_unreachable"
    assert f"through the proxy {fake.endpoint.replace('http://', 'socks5://')}" in error.why


def test_something_else_where_a_socks_proxy_should_be() -> None:
    def answer_nonsense(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"220 mail.example ready\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_nonsense, args=(server,))
        thread.start()
        network.configure(NetworkSettings("http://hub.test", f"socks5://127.0.0.1:{server.getsockname()[1]}"))
        error = failure()
        thread.join()
    assert error.code == "proxy_failed"
    assert "no SOCKS proxy answers there" in error.why


def test_direct_uses_no_proxy_of_the_environment(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    network.configure(NetworkSettings(fake.endpoint, "direct"))
    assert fetch() == b"GGUF content"
    assert network.proxy_in_use("http://hub.test") is None


def test_this_computer_is_reached_without_a_proxy_unless_asked_for(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ForwardProxy() as proxy:
        network.configure(NetworkSettings(fake.endpoint, proxy.url))
        assert fetch() == b"GGUF content"
        assert proxy.requests == []
        monkeypatch.setenv("NO_PROXY", "<-loopback>")
        assert fetch() == b"GGUF content"
        assert len(proxy.requests) == 3  # listing, file, its storage


def test_changed_environment_is_noticed_without_a_restart(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "<-loopback>")
    network.configure(NetworkSettings(fake.endpoint))
    assert fetch() == b"GGUF content"
    with ForwardProxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert fetch() == b"GGUF content"
        assert len(proxy.requests) == 3


@pytest.mark.parametrize(
    ("host", "exceptions", "is_exempt"),
    [
        ("huggingface.co", "", False),
        ("huggingface.co", "huggingface.co", True),
        ("cdn.huggingface.co", "huggingface.co", True),
        ("nothuggingface.co", "huggingface.co", False),
        ("huggingface.co", ".huggingface.co", True),
        ("huggingface.co", "*.huggingface.co", False),
        ("a.huggingface.co", "*.huggingface.co", True),
        ("huggingface.co", "example.org, *", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("huggingface.co", "10.0.0.0/8", False),
        ("hub", "<local>", True),
        ("hub.example", "<local>", False),
        ("hub.example", "hub.example:8080", True),
        ("hub.example", "hub.example:81", False),
        ("HUB.example", "http://hub.EXAMPLE", True),
        ("fd00::1", "fd00::/8", True),
        ("localhost", "", True),
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("127.0.0.1", "<-loopback>", False),
    ],
)
def test_exceptions_from_the_proxy(host: str, exceptions: str, is_exempt: bool) -> None:
    assert proxies.is_exempt(host, 8080, exceptions) is is_exempt


@pytest.mark.parametrize(
    ("text", "address", "user", "password"),
    [
        ("proxy:3128", "http://proxy:3128", "", ""),
        ("http://proxy", "http://proxy:80", "", ""),
        (" https://proxy.example/ ", "https://proxy.example:443", "", ""),
        ("socks5h://ann:p%40ss@[fd00::1]:1081", "socks5h://[fd00::1]:1081", "ann", "p@ss"),
    ],
)
def test_proxy_addresses(text: str, address: str, user: str, password: str) -> None:
    network.check_proxy(text)
    found = proxies.parse(text)
    assert (found.address, found.user, found.password) == (address, user, password)
    assert proxies.parse(proxies.without_password(text)) == proxies.ProxyInUse(address, "settings", user)


@pytest.mark.parametrize(
    "text",
    ["ftp://proxy:21", "socks4://proxy:1080", "http://:3128", "http://proxy:99999", "http://proxy:x", "http://proxy/proxy.pac", "http://pro xy", "http://ann:secret@"],
)  # fmt: skip
def test_broken_proxy_address_is_told_at_once_and_at_use(text: str) -> None:
    with pytest.raises(UserError) as caught:
        network.check_proxy(text)
    assert caught.value.code == "bad_proxy"
    assert "secret" not in str(caught.value)
    network.configure(NetworkSettings("http://hub.test", text))
    assert failure().code == "bad_proxy"


def test_desktop_settings_are_read_when_the_environment_is_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = tmp_path / "gsettings"
    text = "\n".join(
        [
            "org.gnome.system.proxy mode 'manual'",
            "org.gnome.system.proxy ignore-hosts ['localhost', '*.office', '10.0.0.0/8']",
            "org.gnome.system.proxy.http host 'proxy.office'",
            "org.gnome.system.proxy.http port 3128",
            "org.gnome.system.proxy.https host ''",
            "org.gnome.system.proxy.https port 0",
            "org.gnome.system.proxy.socks host 'socks.office'",
            "org.gnome.system.proxy.socks port 1080",
        ]
    )
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr("sys.platform", "linux")
    proxies.forget_desktop()
    assert network.proxy_in_use("http://hub.test") == proxies.ProxyInUse("http://proxy.office:3128", "system")
    assert network.proxy_in_use("https://hub.test") == proxies.ProxyInUse("socks5://socks.office:1080", "system")
    assert network.proxy_in_use("https://hub.office") is None
    assert proxies.script() is None
    tool.write_text("#!/bin/sh\necho \"org.gnome.system.proxy mode 'auto'\"\n")
    proxies.forget_desktop()
    assert network.proxy_in_use("http://hub.test") is None
    assert proxies.script() == "WPAD"
    proxies.forget_desktop()


# --- Certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["settings", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_private_authority_is_trusted_when_named(
    secure: FakeHub, ca: PrivateCa, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where != "settings":
        monkeypatch.setenv(where, str(ca.ca_file))
    network.configure(NetworkSettings(secure.endpoint, ca_file=str(ca.ca_file) if where == "settings" else ""))
    assert fetch() == b"GGUF content"


def test_private_authority_is_not_trusted_by_itself(secure: FakeHub) -> None:
    network.configure(NetworkSettings(secure.endpoint))
    error = failure()
    assert error.code == "certificate"
    assert "does not know" in error.why
    assert "inspects traffic" in error.why
    assert error.next_steps[0].action == "network_settings"
    assert error.code in network_errors.LASTING


def test_certificate_that_has_run_out_points_at_the_clock(ca: PrivateCa) -> None:
    with FakeHub(tls=ca.server_context(days=-3)) as old:
        network.configure(NetworkSettings(old.endpoint, ca_file=str(ca.ca_file)))
        error = failure()
    assert error.code == "certificate"
    assert "clock is wrong: it says 20" in error.why


def test_certificate_for_another_name(ca: PrivateCa) -> None:
    with FakeHub(tls=ca.server_context(("hotel.example",))) as hotel:
        network.configure(NetworkSettings(hotel.endpoint, ca_file=str(ca.ca_file)))
        error = failure()
    assert error.code == "certificate"
    assert "for another name" in error.why


def test_certificate_is_checked_behind_a_proxy_too(secure: FakeHub, ca: PrivateCa) -> None:
    with ForwardProxy(names=NAMES) as proxy:
        network.configure(NetworkSettings(as_named(secure.endpoint), proxy.url))
        assert failure().code == "certificate"
        network.configure(NetworkSettings(as_named(secure.endpoint), proxy.url, str(ca.ca_file)))
        assert fetch() == b"GGUF content"


def test_broken_certificates_are_told_at_once_and_at_use(fake: FakeHub, tmp_path: Path, ca: PrivateCa) -> None:
    network.check_ca_file("")
    network.check_ca_file(str(ca.ca_file))
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for path in (broken, empty, tmp_path / "missing.pem", tmp_path):
        with pytest.raises(UserError) as caught:
            network.check_ca_file(str(path))
        assert caught.value.code == "ca_file"
        network.configure(NetworkSettings(fake.endpoint, ca_file=str(path)))
        assert failure().code == "ca_file"


@pytest.mark.expected_logs("SSL_CERT_FILE names")
def test_useless_variable_is_left_out(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/cert.pem")
    network.configure(NetworkSettings(fake.endpoint))
    network.renew()
    assert fetch() == b"GGUF content"


# --- The connection itself ---------------------------------------------------------------------------------------------


def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    network.configure(NetworkSettings("https://hub.test"))
    error = failure()
    assert error.code == "hub_unreachable"
    assert "name was not found" in error.why


def test_storage_host_that_is_away_is_named() -> None:
    import httpx2

    network.configure(NetworkSettings(proxy="direct"))
    with pytest.raises(httpx2.ConnectError) as refused:
        network.session().get("http://127.0.0.1:9/file")
    error = network_errors.transport_error(refused.value, "huggingface.co", 10)
    assert error is not None
    assert error.what == "127.0.0.1:9 could not be reached."
    assert "connection refused" in error.why
    assert "huggingface.co answers, but its files are on that other server." in error.why
    itself = network_errors.transport_error(refused.value, "127.0.0.1:9", 10)
    assert itself is not None
    assert "its files are on" not in itself.why


def test_default_port_that_is_written_out_is_the_same_host() -> None:
    import httpx2

    network.configure(NetworkSettings(proxy="direct"))
    request = httpx2.Request("GET", "https://hub.test:443/file")
    error = network_errors.transport_error(httpx2.ReadTimeout("slow", request=request), "hub.test:443", 10)
    assert error is not None
    assert error.what == "hub.test:443 did not answer."
    assert "its files are on" not in error.why


# --- Mirrors and offline mode ------------------------------------------------------------------------------------------


def test_mirror_under_a_path() -> None:
    with FakeHub(prefix="/mirrors/hf") as mirror:
        mirror.add_file(REPO, FILE, b"GGUF content")
        network.configure(NetworkSettings(mirror.endpoint + "/"))
        assert hub.endpoint().endswith("/mirrors/hf")
        assert fetch() == b"GGUF content"


def test_setting_goes_before_the_environment(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    network.configure(NetworkSettings(fake.endpoint))
    assert fetch() == b"GGUF content"
    network.configure(NetworkSettings())
    assert hub.endpoint() == "http://127.0.0.1:9"


def test_nothing_is_sent_but_what_is_asked_for(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own wish to fetch something from huggingface.co would be an attempt that the guard of all tests sees."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", False)
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", None)
    monkeypatch.setattr(network, "_is_installed", False)
    network.configure(NetworkSettings(fake.endpoint))
    assert fetch() == b"GGUF content"
    assert [(r.where, r.method) for r in fake.log] == [("api", "GET"), ("resolve", "GET"), ("cdn", "GET")]


@pytest.mark.parametrize("text", ["", "https://mirror.example", "http://127.0.0.1:8080/hf/"])
def test_good_endpoints(text: str) -> None:
    network.check_endpoint(text)


@pytest.mark.parametrize("text", ["mirror.example", "ftp://mirror.example", "https://", "https://a:b@mirror.example", "https://m.example?x=1", "https://m:99999"])  # fmt: skip
def test_bad_endpoints(text: str) -> None:
    with pytest.raises(UserError) as caught:
        network.check_endpoint(text)
    assert caught.value.code == "bad_endpoint"


@pytest.mark.parametrize("reason", ["settings", "HF_HUB_OFFLINE"])
def test_offline_mode_tries_no_connection(fake: FakeHub, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    found = hub.resolve(REPO, "Q4_0")
    if reason == "settings":
        network.configure(NetworkSettings(fake.endpoint, offline=True))
    else:
        monkeypatch.setenv(reason, "1")
    asked = len(fake.log)

    def no_connection(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", no_connection)
    monkeypatch.setattr(socket.socket, "connect", no_connection)
    error = failure()
    from huggingface_hub.errors import OfflineModeIsEnabled

    with pytest.raises(OfflineModeIsEnabled):
        network.session().get(hub.file_url(REPO, found.commit, FILE))
    assert error.code == "offline_mode"
    assert len(fake.log) == asked
    actions = [s.action for s in error.next_steps]
    assert actions == (["go_online"] if reason == "settings" else [""])


def test_going_offline_ends_what_is_under_way(fake: FakeHub) -> None:
    network.configure(NetworkSettings(fake.endpoint))
    before = network.session()
    assert fetch() == b"GGUF content"
    network.configure(NetworkSettings(fake.endpoint, offline=True))
    assert before.is_closed
    network.configure(NetworkSettings(fake.endpoint))
    assert fetch() == b"GGUF content"


def test_download_goes_on_when_the_network_is_configured_anew(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client that it reads from is closed under it; the bytes stay and a new connection brings the rest."""
    content = bytes(range(256)) * 12_000
    monkeypatch.setenv("NO_PROXY", "<-loopback>")
    fake.add_file(REPO, "model-Q8_0.gguf", content)
    network.configure(NetworkSettings(fake.endpoint))
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=None))
    seen: list[int] = []
    policy = Policy(first_delay_s=0.01, connections=2)
    with ForwardProxy() as proxy:

        def on_progress(progress: DownloadProgress) -> None:
            if progress.done_bytes > 300_000 and not seen:
                seen.append(progress.done_bytes)
                network.configure(NetworkSettings(fake.endpoint, proxy.url))
                fake.heal()

        request = DownloadRequest("m", "m", "Q8_0", REPO, (), 0)
        result = fetch_item(request, on_progress, threading.Event(), policy)
        assert proxy.requests  # by the new way
    assert result.error is None
    assert result.state is DownloadState.DONE
    assert Path(result.paths[0]).read_bytes() == content
    assert seen


def test_going_offline_ends_a_download_and_keeps_its_bytes(fake: FakeHub) -> None:
    content = bytes(range(256)) * 12_000
    fake.add_file(REPO, "model-Q8_0.gguf", content)
    network.configure(NetworkSettings(fake.endpoint))
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=None))

    def on_progress(progress: DownloadProgress) -> None:
        if progress.done_bytes > 300_000:
            network.configure(NetworkSettings(fake.endpoint, offline=True))

    request = DownloadRequest("m", "m", "Q8_0", REPO, (), 0)
    result = fetch_item(request, on_progress, threading.Event(), Policy(attempts=None, first_delay_s=0.01))
    assert result.error is not None
    assert result.error.code == "offline_mode"
    assert result.error.next_steps[0].action == "go_online"
    fake.heal()
    network.configure(NetworkSettings(fake.endpoint))
    again = fetch_item(request, lambda _: None, threading.Event(), Policy(first_delay_s=0.01))
    assert again.state is DownloadState.DONE
    assert again.resumed_bytes > 0


# --- Tokens ------------------------------------------------------------------------------------------------------------


def shown_tokens(fake: FakeHub) -> set[str | None]:
    return {{k.lower(): v for k, v in r.headers.items()}.get("authorization") for r in fake.log if r.where != "cdn"}


def test_token_goes_to_the_hub_it_was_given_for_and_nowhere_else(fake: FakeHub) -> None:
    with FakeHub() as other:
        other.add_file(REPO, FILE, b"GGUF content")
        given = Given({urlsplit(fake.endpoint).netloc: "hf_mine"})
        network.configure(NetworkSettings(fake.endpoint), given)
        assert fetch() == b"GGUF content"
        network.configure(NetworkSettings(other.endpoint), given)
        assert fetch() == b"GGUF content"
        assert shown_tokens(fake) == {"Bearer hf_mine"}
        assert shown_tokens(other) == {None}
        assert fake.leaks() == other.leaks() == []


def test_token_of_the_usual_places_is_not_for_a_mirror_they_do_not_know(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_usual")
    network.configure(NetworkSettings(fake.endpoint), Given())
    assert fetch() == b"GGUF content"
    assert shown_tokens(fake) == {None}
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    network.configure(NetworkSettings(), Given())
    assert fetch() == b"GGUF content"
    assert shown_tokens(fake) == {None, "Bearer hf_usual"}
    assert fake.leaks() == []


def test_token_entered_here_goes_before_the_usual_places(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_usual")
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    network.configure(NetworkSettings(), Given())
    first = network.token()
    network.configure(NetworkSettings(), Given({urlsplit(fake.endpoint).netloc: "hf_mine"}))
    second = network.token()
    assert first is not None
    assert second is not None
    assert (first.source, second.source) == ("HF_TOKEN", "launcher")
    assert (first.text, second.text) == ("hf_usual", "hf_mine")
    assert "hf_" not in repr(first)


def test_token_of_hf_auth_login(fake: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hf_stored\n")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(path))
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    network.configure(NetworkSettings(), Given())
    found = network.token()
    assert found is not None
    assert (found.text, found.source) == ("hf_stored", "hf auth login")


def test_gated_repository_opens_for_the_right_token_only(fake: FakeHub) -> None:
    fake.gate(REPO, "hf_right")
    codes: list[str] = []
    for text in ("", "hf_wrong"):
        network.configure(NetworkSettings(fake.endpoint), Given({urlsplit(fake.endpoint).netloc: text}))
        found = hub.resolve(REPO, "Q4_0")
        url = hub.file_url(REPO, found.commit, FILE)
        answer = network.session().get(url, headers=hub.request_headers(), timeout=10)
        error = hub_errors.status_error(answer.status_code, answer.headers, fake.endpoint, REPO, FILE)
        codes += [error.code, error.next_steps[1].label]
    assert codes == ["gated", "Enter access token", "gated", "Enter another access token"]
    network.configure(NetworkSettings(fake.endpoint), Given({urlsplit(fake.endpoint).netloc: "hf_right"}))
    assert fetch() == b"GGUF content"
    assert fake.leaks() == []


def test_token_that_would_break_a_header_is_refused_without_being_shown(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_sec ret\tx")
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    error = failure()
    assert error.code == "bad_token"
    assert "ret" not in f"{error}{error.detail}"
    assert fake.log == []


@pytest.mark.parametrize(
    ("status", "said", "has_token", "code", "words"),
    [
        (401, "", False, "gated", "then enter your access token"),
        (403, "you are not in the authorized list", True, "gated", "has not accepted the terms"),
        (403, "Your request is awaiting a review from the repo authors", True, "gated", "has not answered yet"),
        (403, "Please enable access in your fine-grained token settings", True, "token_permission", "permission"),
        (401, "Invalid credentials in Authorization header", True, "token_refused", "revoked"),
    ],
)
def test_what_lies_between_a_token_and_a_gated_repository(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, status: int, said: str, has_token: bool, code: str, words: str
) -> None:
    if has_token:
        monkeypatch.setenv("HF_TOKEN", "hf_usual")
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
    headers = {"X-Error-Code": "GatedRepo" if code != "token_refused" else "", "X-Error-Message": said}
    error = hub_errors.status_error(status, headers, fake.endpoint, REPO, FILE)
    assert error.code == code
    assert words in error.why
    assert ("HF_TOKEN" in error.why) == (has_token and "awaiting" not in said)
    assert error.next_steps[0].action in ("open_page", "enter_token")


# --- The service -------------------------------------------------------------------------------------------------------


def test_settings_are_applied_and_the_password_is_kept_apart(fake: FakeHub, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.toml")
    with ForwardProxy("ann", "pencil", names=NAMES) as proxy:
        kept = network_service.set_proxy(settings, proxy.url_with_password)
        assert "only until the program ends" in kept  # no keyring here
        assert settings.get(PROXY) == f"http://ann@{proxy.address}"
        assert "pencil" not in (tmp_path / "settings.toml").read_text()
        from launcher.store.settings import HUB_ENDPOINT

        settings.set(HUB_ENDPOINT, as_named(fake.endpoint))
        network_service.apply(settings)
        assert fetch() == b"GGUF content"
        with pytest.raises(UserError):
            network_service.set_proxy(settings, "ftp://nothing")
        assert settings.get(PROXY) == f"http://ann@{proxy.address}"
