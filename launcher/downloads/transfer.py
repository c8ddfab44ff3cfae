"""One file from the hub into its partial file: Range requests over huggingface_hub's HTTP client, until every byte is there.

huggingface_hub 2.x does not resume (facts on it: `_download_to_tmp_and_move` begins at 0 and deletes what it had), hence ours.
The content is identified by its sha256: the URL names a commit, the hub's redirect repeats the hash (X-Linked-Etag), and the
whole is checked at the end. So no If-Range is sent: the storage hosts' own ETags change without the content changing, and the
answer would be the whole file again.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from launcher.catalog import hub, hub_errors
from launcher.core.downloads import DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.units import duration, gb
from launcher.core.words import joined, say
from launcher.downloads.line import Line
from launcher.downloads.part import PartFile
from launcher.downloads.progress import Meter

if TYPE_CHECKING:
    import httpx2

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_ADVANCE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a transfer is.

    Attributes:
        attempts: fruitless tries in a row before it gives up (one that brought 1 MiB or more starts the count again).
        first_delay_s: before the second try; doubles up to `max_delay_s`.
        stall_s: silence that counts as a lost connection.
        max_wait_s: the longest that a server may ask us to wait.
    """

    attempts: int = 8
    first_delay_s: float = 1.0
    max_delay_s: float = 30.0
    connect_s: float = 10.0
    stall_s: float = 20.0
    max_wait_s: float = 120.0


class StoppedError(Exception):
    """The user wants a pause. Not a failure."""


class _TransientError(Exception):
    """Worth another try."""

    def __init__(self, why: str, retry_after_s: float | None = None, error: UserError | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after_s = retry_after_s
        self.error = error


class Transfer:
    """Fetches one file. Call `run` once."""

    def __init__(
        self,
        repo: str,
        commit: str,
        file: ModelFile,
        part: PartFile,
        meter: Meter,
        line: Line,
        stop: threading.Event,
        policy: Policy,
    ) -> None:
        self._repo, self._commit, self._file = repo, commit, file
        self._part, self._meter, self._line, self._stop, self._policy = part, meter, line, stop, policy
        self._size = file.size_bytes or 0
        self._lost_at: float | None = None

    def run(self) -> None:
        """Until the partial file has its full size.

        Raises:
            StoppedError: `stop` was set; the bytes stay.
            UserError: it cannot go on; the bytes stay.
            OSError: the disk refused; the bytes stay.
        """
        failures = 0
        furthest = self._part.size_bytes
        while self._part.size_bytes < self._size:
            try:
                self._attempt()
            except _TransientError as error:
                if self._part.size_bytes >= furthest + _ADVANCE_BYTES:
                    failures = 0
                furthest = max(furthest, self._part.size_bytes)
                failures += 1
                if failures >= self._policy.attempts:
                    raise self._gave_up(error, failures) from error
                self._pause_before_retry(error, failures)

    def _pause_before_retry(self, error: _TransientError, failures: int) -> None:
        delay = min(self._policy.first_delay_s * 2 ** (failures - 1), self._policy.max_delay_s)
        if error.retry_after_s is not None:
            if error.retry_after_s > self._policy.max_wait_s:
                raise error.error or self._gave_up(error, failures) from error
            delay = max(delay, error.retry_after_s)
        self._lost_at = self._lost_at or time.monotonic()
        self._meter.enter(
            DownloadState.DOWNLOADING, joined(error.why, say("Trying again in {time}.", time=duration(max(1, delay))))
        )
        if self._stop.wait(delay):
            raise StoppedError

    def _gave_up(self, error: _TransientError, failures: int) -> UserError:
        host = hub_errors.host_of(hub.endpoint())
        why = joined(
            error.why,
            say("Tried {n} times at {host}.", n=failures, host=host),
            say("The {size} already here stay.", size=gb(self._part.size_bytes)),
        )
        return UserError(
            "connection_lost",
            "The download was interrupted.",
            why,
            (NextStep("Go on", "retry"),),
            str(error.__cause__ or ""),
        )

    def _attempt(self) -> None:
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled
        from huggingface_hub.utils import get_session

        client = get_session()
        try:
            request = client.build_request(
                "GET",
                hub.file_url(self._repo, self._commit, self._file.name),
                headers=self._headers(),
                timeout=httpx2.Timeout(self._policy.stall_s, connect=self._policy.connect_s),
                extensions={"trace": self._line.trace},
            )
            response = client.send(request, stream=True)
            try:
                if stream := response.extensions.get("network_stream"):
                    self._line.watch(stream)
                self._receive(response)
            finally:
                response.close()
        except (httpx2.TransportError, httpx2.TooManyRedirects, httpx2.InvalidURL, OfflineModeIsEnabled) as error:
            self._fail(error)
        except RuntimeError as error:
            if not client.is_closed:
                raise
            # Another thread renewed the shared client (huggingface_hub does after a connection error).
            raise _TransientError(say("The connection was renewed.")) from error
        if self._part.size_bytes < self._size:
            self._check_stop()
            raise _TransientError(say("The connection ended early."))

    def _headers(self) -> dict[str, str]:
        headers = hub.request_headers()
        # Ranges and the checksum are of the file itself. One connection per request: a stop may cut it without harm to others.
        headers |= {"Accept-Encoding": "identity", "Connection": "close"}
        if self._part.size_bytes:
            headers["Range"] = f"bytes={self._part.size_bytes}-"
        return headers

    def _fail(self, error: Exception) -> None:
        """Sort a failure of the network: stopped by us, hopeless, or worth another try."""
        import httpx2

        self._check_stop()
        known = hub_errors.user_error(error, hub.endpoint(), self._repo, self._file.name, self._policy.stall_s)
        if known is not None and (not isinstance(error, httpx2.TransportError) or known.code == "certificate"):
            raise known from error
        if isinstance(error, httpx2.ReadTimeout):
            raise _TransientError(say("Nothing came for {time}.", time=duration(self._policy.stall_s))) from error
        if isinstance(error, (httpx2.ReadError, httpx2.RemoteProtocolError)):
            raise _TransientError(say("The connection was lost.")) from error
        raise _TransientError(known.what if known else say("The connection was lost.")) from error

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _receive(self, response: httpx2.Response) -> None:
        self._check_stop()
        hops: list[httpx2.Response] = [*response.history, response]
        self._check_identity(hops[0].headers)
        if response.status_code >= 400:
            self._refused(response, is_hub=len(hops) == 1)
        self._position(response)
        self._say_continued()
        for chunk in response.iter_raw():
            self._check_stop()
            if self._part.size_bytes + len(chunk) > self._size:
                raise hub_errors.unexpected(
                    hub.endpoint(),
                    say("It sent more than the {size} of {name}.", size=gb(self._size), name=self._file.name),
                )
            self._part.write(chunk)
            self._meter.received(len(chunk))

    def _check_identity(self, headers: Mapping[str, str]) -> None:
        """The hub's own answer repeats the checksum: another one means another content under this name."""
        etag = headers.get("X-Linked-Etag", "").removeprefix("W/").strip('"')
        if etag and hub.is_sha256(etag) and etag != self._file.sha256:
            why = say(
                "The hub now names checksum {now}…, at the start it was {before}….",
                now=etag[:12],
                before=(self._file.sha256 or "")[:12],
            )
            steps = (NextStep("Start over with the new file", "restart"), NextStep("Try again", "retry"))
            raise UserError("file_changed", say("{name} was replaced on the hub.", name=self._file.name), why, steps)

    def _refused(self, response: httpx2.Response, *, is_hub: bool) -> None:
        status, headers = response.status_code, response.headers
        if status == 416:
            found = re.fullmatch(r"bytes \*/(\d+)", headers.get("Content-Range", ""))
            if found and int(found[1]) != self._size:
                raise self._wrong_size(int(found[1]))
            self._start_over(say("The server could not continue; the file is fetched from its start."))
            raise _TransientError(say("The server could not continue."))
        error = hub_errors.status_error(status, headers, hub.endpoint(), self._repo, self._file.name)
        if status in (408, 429) or status >= 500:
            raise _TransientError(
                say("The server answered {status}.", status=status), hub_errors.retry_after_s(headers), error
            )
        if not is_hub:  # a signed address that has run out: the hub gives a new one
            raise _TransientError(say("The storage server answered {status}.", status=status))
        raise error

    def _position(self, response: httpx2.Response) -> None:
        """See where the answer's bytes belong."""
        if response.status_code == 206:
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != self._part.size_bytes:
                raise _TransientError(say("The server continued at the wrong place."))
            if found[2] != "*" and int(found[2]) != self._size:
                raise self._wrong_size(int(found[2]))
            return
        length: Any = response.headers.get("Content-Length")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise hub_errors.unexpected(hub.endpoint(), say("It sent a web page instead of the file."))
        if length is not None and int(length) != self._size:
            raise self._wrong_size(int(length))
        if self._part.size_bytes:
            self._start_over(say("The server cannot continue a file; it is fetched from its start."))

    def _wrong_size(self, found_bytes: int) -> UserError:
        why = say(
            "The server offers {found} bytes, the hub's listing says {wanted}.",
            found=f"{found_bytes:,}",
            wanted=f"{self._size:,}",
        )
        steps = (NextStep("Start over with the new file", "restart"), NextStep("Try again", "retry"))
        return UserError("file_changed", say("{name} is not what was expected.", name=self._file.name), why, steps)

    def _start_over(self, note: str) -> None:
        self._meter.lost(self._part.size_bytes)
        self._part.restart()
        self._meter.enter(DownloadState.DOWNLOADING, note)

    def _say_continued(self) -> None:
        if self._lost_at is None:
            return
        away = time.monotonic() - self._lost_at
        self._lost_at = None
        note = say(
            "The connection was lost for {time}. Continued at {size}.",
            time=duration(max(1, away)),
            size=gb(self._part.size_bytes),
        )
        self._meter.enter(DownloadState.DOWNLOADING, note)
