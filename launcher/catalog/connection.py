"""Is there a way to the hub, and if not, where does it end? Each step does what a download does, through the same client."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from launcher.catalog import certificates, hub, hub_errors, listing, network, network_errors, proxies
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.units import whole
from launcher.core.words import joined, listed, say

State = Literal["running", "ok", "failed", "skipped"]
StepName = Literal["settings", "way", "encryption", "hub", "token", "file"]

TIMEOUT_S = 10.0
STEP_LIMIT_S = 25.0
_FIRST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class ConnectionStep:
    """One step of the way. `text` says what was found, in words."""

    name: StepName
    title: str
    state: State
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """All steps in order; `error` is the first one's that failed, None when a download would work."""

    steps: tuple[ConnectionStep, ...]
    error: UserError | None = None


class _Skipped(Exception):  # noqa: N818 - not an error
    """There is nothing to do here."""


def test_connection(
    on_step: Callable[[ConnectionStep], None],
    stop: threading.Event,
    repo: str | None = None,  # noqa: PT028 - no test of pytest's
) -> ConnectionReport:
    """Go the whole way of a download, a few kB of it. Blocks, 25 s a step at most; call it from a worker thread.

    Args:
        on_step: called when a step begins ("running") and when it ends.
        stop: ends it at once; the rest is "skipped".
        repo: what is asked for; None is a small model of the catalog.
    """
    work = _Work(repo)
    steps: list[ConnectionStep] = []
    error: UserError | None = None
    plan: tuple[tuple[StepName, str, Callable[[], str]], ...] = (
        ("settings", say("Settings"), work.settings),
        ("way", say("The way there"), work.way),
        ("encryption", say("Encryption"), work.encryption),
        ("hub", say("The hub"), work.hub),
        ("token", say("Access token"), work.token),
        ("file", say("A model file"), work.file),
    )
    for name, title, do in plan:
        if error is not None or stop.is_set():
            step = ConnectionStep(name, title, "skipped")
        else:
            on_step(ConnectionStep(name, title, "running"))
            step, error = _timed(name, title, do, stop)
        steps.append(step)
        on_step(step)
    return ConnectionReport(tuple(steps), error)


def _timed(
    name: StepName, title: str, do: Callable[[], str], stop: threading.Event
) -> tuple[ConnectionStep, UserError | None]:
    began = time.monotonic()
    state: State = "ok"
    error: UserError | None = None
    try:
        text = _limited(do, stop)
    except _Skipped as reason:
        state, text = "skipped", str(reason)
    except UserError as found:
        state, text, error = "failed", str(found), found
        error.next_steps = tuple(s for s in found.next_steps if s != network_errors.TEST)  # this is the test
    return ConnectionStep(name, title, state, text, time.monotonic() - began), error


def _limited(do: Callable[[], str], stop: threading.Event) -> str:
    """Run in a thread that is left behind when it takes too long or nobody waits any more: a look-up of a name cannot be ended."""
    results: list[str] = []
    failures: list[BaseException] = []
    has_ended = threading.Event()

    def work() -> None:
        try:
            results.append(do())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread as it is
            failures.append(error)
        finally:
            has_ended.set()

    threading.Thread(target=work, name="connection-test", daemon=True).start()
    deadline = time.monotonic() + STEP_LIMIT_S
    while not has_ended.wait(0.05):
        if stop.is_set():
            raise _Skipped(say("Stopped."))
        if time.monotonic() > deadline:
            host = hub_errors.host_of(network.endpoint())
            why = say("Nothing came back within {n} s.", n=int(STEP_LIMIT_S))
            steps = (network_errors.RETRY, network_errors.mirror_step(host))
            raise UserError("hub_unreachable", say("{host} did not answer.", host=host), why, steps)
    if failures:
        raise failures[0]
    return results[0]


class _Work:
    """The steps, and what one learns for the next."""

    def __init__(self, repo: str | None) -> None:
        self._repo = repo or small_repo()
        self._endpoint = network.endpoint()
        self._host = hub_errors.host_of(self._endpoint)
        self._listing: hub.RepoListing | None = None

    def settings(self) -> str:
        network.check_endpoint(self._endpoint)
        network.check_ca_file(network.ca_file())
        if network.is_offline():
            raise network_errors.offline()
        return joined(
            say("Download server: {address}.", address=hub_errors.without_secrets(self._endpoint)),
            _proxy_text(self._endpoint),
            _certificate_text(),
        )

    def way(self) -> str:
        proxy = network.proxy_in_use(self._endpoint)
        url = proxy.address if proxy is not None else self._endpoint
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        began = time.monotonic()
        try:
            with socket.create_connection((parts.hostname or "", port), TIMEOUT_S) as connection:
                address = str(connection.getpeername()[0])
        except OSError as error:
            raise _no_way(error, self._endpoint) from error
        ms = f"{max(1, round((time.monotonic() - began) * 1000))} ms"
        if proxy is not None:
            return say("The proxy {address} answers after {time}.", address=proxy.address, time=ms)
        return say("{host} is {address} and answers after {time}.", host=self._host, address=address, time=ms)

    def encryption(self) -> str:
        if not self._endpoint.startswith("https://"):
            raise _Skipped(say("The address begins with http://: nothing is encrypted."))
        with self._get(f"{self._endpoint}/api/models/{self._repo}") as response:
            stream = response.extensions.get("network_stream")
            tls = stream.get_extra_info("ssl_object") if stream is not None else None
            certificate = cast("dict[str, Any]", tls.getpeercert() or {}) if tls is not None else {}
        issuer = _issuer(certificate)
        return (
            say("The certificate is trusted; {issuer} signed it.", issuer=issuer)
            if issuer
            else say("The certificate is trusted.")
        )

    def hub(self) -> str:
        self._listing = hub.list_files(self._repo)
        return say(
            "{host} answers as a hub does; it lists {n} files of {repo}.",
            host=self._host,
            n=len(self._listing.files),
            repo=self._repo,
        )

    def token(self) -> str:
        found = network.token()
        if found is None:
            raise _Skipped(say("None is set. Public models need none."))
        with self._get(f"{self._endpoint}/api/whoami-v2", with_token=True) as response:
            status = response.status_code
            if status in (401, 403):
                raise hub_errors.token_refused(self._host, status)
            if status != 200:
                raise _Skipped(
                    say(
                        "{host} does not tell whose token it is (it answered {status}).", host=self._host, status=status
                    )
                )
            name = _name_in(_body(response, _FIRST_BYTES))
        return say("Accepted: {name}.", name=name)

    def file(self) -> str:
        found = self._listing
        files = [f for f in found.files if f.size_bytes] if found is not None else []
        if found is None or not files:
            raise _Skipped(say("{repo} has no files.", repo=self._repo))
        file = min(files, key=_cheapness)
        url = hub.file_url(self._repo, found.commit, file.name)
        wanted = min(_FIRST_BYTES, file.size_bytes or 0)
        with self._get(url, with_token=True, name=file.name, Range=f"bytes=0-{wanted - 1}") as response:
            if response.status_code >= 400:
                raise hub_errors.status_error(
                    response.status_code, response.headers, self._endpoint, self._repo, file.name
                )
            if response.headers.get("Content-Type", "").startswith("text/html"):
                raise hub_errors.unexpected(self._endpoint, say("It sent a web page instead of the file."))
            if (
                "X-Xet-Hash" in response.headers
                and not response.history
                and response.headers.get("Content-Length") == "0"
            ):
                raise hub_errors.xet_only(self._host, file.name, self._repo)
            data = _body(response, wanted)
            storage = hub_errors.host_of(str(response.url))
        if len(data) < wanted or (file.name.endswith(".gguf") and not data.startswith(b"GGUF")):
            raise hub_errors.unexpected(
                self._endpoint, say("What it sent is not the beginning of {name}.", name=file.name)
            )
        return say("The first {n} bytes of {name} came from {host}.", n=whole(len(data)), name=file.name, host=storage)

    def _get(self, url: str, *, with_token: bool = False, name: str = "", **headers: str) -> _Answer:
        return _Answer(url, hub.request_headers(with_token=with_token) | headers, self._endpoint, self._repo, name)


class _Answer:
    """A response while it is open; what goes wrong comes out as UserError."""

    def __init__(self, url: str, headers: dict[str, str], endpoint: str, repo: str, name: str) -> None:
        self._url, self._headers = url, headers | {"Accept-Encoding": "identity"}
        self._about = endpoint, repo, name
        self._response: Any = None

    def __enter__(self) -> Any:
        import httpx2

        client = network.session()
        request = client.build_request("GET", self._url, headers=self._headers, timeout=httpx2.Timeout(TIMEOUT_S))
        try:
            self._response = client.send(request, stream=True)
        except Exception as error:
            raise self._known(error) from error
        return self._response

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._response.close()
        if isinstance(error, Exception) and not isinstance(error, (UserError, _Skipped)):
            raise self._known(error) from error

    def _known(self, error: Exception) -> Exception:
        return hub_errors.user_error(error, *self._about, timeout_s=TIMEOUT_S) or error


def _body(response: Any, most_bytes: int) -> bytes:
    """The beginning of an answer, at most so much of it; a server that drips is cut off by the step's limit."""
    data = b""
    for chunk in response.iter_raw():
        data += chunk
        if len(data) >= most_bytes:
            break
    return data[:most_bytes]


def _name_in(data: bytes) -> str:
    """Whose token it is, from the hub's JSON."""
    try:
        found: object = json.loads(data)
    except ValueError:
        found = None
    name = cast("dict[str, object]", found).get("name") if isinstance(found, dict) else None
    return name[:60] if isinstance(name, str) and name.isprintable() else "?"


def _no_way(error: OSError, endpoint: str) -> UserError:
    """A connection that did not come about, told as if the client had tried."""
    import httpx2

    request = httpx2.Request("GET", endpoint)
    kind = httpx2.ConnectTimeout if isinstance(error, TimeoutError) else httpx2.ConnectError
    told = kind(str(error), request=request)
    told.__cause__ = error
    known = network_errors.transport_error(told, hub_errors.host_of(endpoint), TIMEOUT_S)
    assert known is not None  # noqa: S101 - both kinds are TransportErrors
    return known


def _proxy_text(url: str) -> str:
    proxy = network.proxy_in_use(url)
    if proxy is not None:
        source = {"settings": say("the settings"), "environment": say("the environment"), "system": say("the system")}
        return say("Proxy: {address}, from {source}.", address=proxy.address, source=source[proxy.source])
    script = proxies.script()
    if script is None:
        return say("No proxy.")
    return say(
        "No proxy: the system uses a configuration script ({script}), which is not supported. Enter its proxy in the settings.",
        script=script[:100],
    )


def _certificate_text() -> str:
    extra = certificates.added(network.ca_file())
    if not extra:
        return say("The system's certificates.")
    return say("The system's certificates and those in {paths}.", paths=listed(*extra))


def _issuer(certificate: dict[str, Any]) -> str:
    """Who signed it: "Amazon (Amazon RSA 2048 M04)"; "" where the system does not tell."""
    parts: dict[str, str] = {key: value for group in certificate.get("issuer", ()) for key, value in group}
    names = [parts[key] for key in ("organizationName", "commonName") if key in parts]
    return f"{names[0]} ({names[1]})" if len(names) == 2 else "".join(names)


def _cheapness(file: ModelFile) -> tuple[bool, int]:
    """A large file comes from the storage host, which is what a download needs; the smallest of those."""
    return (not file.name.endswith(".gguf"), file.size_bytes or 0)


def small_repo() -> str:
    """The repository with the smallest model of the catalog: every mirror of some size has it."""
    quants = [q for v in listing.load().variants for q in v.quants]
    return min(quants, key=lambda q: q.file_bytes).repo
