"""Where a file's bytes come from: Range requests over huggingface_hub's HTTP client, every answer checked before a byte is taken.

huggingface_hub 2.x does not resume (it deletes what it had and begins at 0), hence ours. The content is identified by its
sha256: the URL names a commit, the hub's redirect repeats the hash (X-Linked-Etag), and the whole is checked at the end. So no
If-Range is sent: the storage hosts' own ETags change without the content changing, and the answer would be the whole file.
The hub is asked once; its redirect to the storage host (a signed address) serves all connections until it is refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from launcher.catalog import hub, hub_errors, network, network_errors
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.units import duration
from launcher.core.words import say
from launcher.downloads.transfer.answer import Answer
from launcher.downloads.transfer.line import Line
from launcher.downloads.transfer.retry import Policy, TransientError

if TYPE_CHECKING:
    import httpx2

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_MAX_HOPS = 10
_MAX_ADDRESSES = 8
_MAX_ODD = 3


class Source:
    """One file on the hub. Several connections may ask at once."""

    def __init__(self, repo: str, commit: str, file: ModelFile, policy: Policy) -> None:
        self._repo, self._commit, self._file, self._policy = repo, commit, file, policy
        self._size = file.size_bytes or 0
        self._asking = threading.Lock()
        self._signed: str | None = None
        self._odd_ranges = 0

    def open(self, start: int, end: int, line: Line) -> Answer:
        """Ask for the bytes from `start` to before `end`.

        Returns:
            The answer; it begins at `start`, or at 0 when the server sends the whole file.

        Raises:
            TransientError: worth another try.
            UserError: it cannot go on.
        """
        for _ in range(_MAX_ADDRESSES):  # one that serves few requests may run out before this connection's turn
            signed = self._signed
            if signed is None:
                with self._asking:  # one asks, the others wait for what it is told
                    signed = self._signed
                    if signed is None:
                        return self._ask_hub(start, end, line)
            response = self._get(signed, start, end, line, with_token=False)[-1]
            if not _is_expired(response.status_code):
                return self._checked(response, start, end, is_hub=False)
            response.close()
            if self._signed == signed:
                self._signed = None
        raise TransientError(say("The storage server answered {status}.", status=403), is_odd=True)

    def ask_again(self) -> None:
        """Let the hub itself answer the next request: it says whether the file is still the same."""
        self._signed = None

    def _ask_hub(self, start: int, end: int, line: Line) -> Answer:
        hops = self._get(hub.file_url(self._repo, self._commit, self._file.name), start, end, line, with_token=True)
        response = hops[-1]
        try:
            for hop in hops:
                self._check_identity(hop.headers)
        except UserError:
            response.close()
            raise
        is_hub = hub_errors.origin_of(str(response.url)) == hub_errors.origin_of(str(hops[0].url))
        answer = self._checked(response, start, end, is_hub=is_hub)
        if not is_hub:
            self._signed = str(response.url)
        return answer

    def _get(self, url: str, start: int, end: int, line: Line, *, with_token: bool) -> list[httpx2.Response]:
        """Send a request and follow its redirects one by one. The last answer is open, its body not read.

        The client takes the token off where a redirect leads to another host. Bodies of redirects are not read: they could
        be of any length.
        """
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled

        client = network.session()
        hops: list[httpx2.Response] = []
        try:
            request: httpx2.Request | None = client.build_request(
                "GET",
                url,
                headers=self._headers(start, end, with_token=with_token),
                timeout=httpx2.Timeout(self._policy.stall_s, connect=self._policy.connect_s),
                extensions={"trace": line.trace},
            )
            while request is not None and len(hops) < _MAX_HOPS:
                response = client.send(request, stream=True, follow_redirects=False)
                hops.append(response)
                request = response.next_request
                if request is not None:
                    response.close()
        except (httpx2.TransportError, httpx2.InvalidURL, OfflineModeIsEnabled) as error:
            raise self._failure(error) from error
        except RuntimeError as error:
            if not client.is_closed:
                raise
            # Another thread renewed the shared client (huggingface_hub does after a connection error).
            raise TransientError(say("The connection was renewed.")) from error
        if request is not None:
            raise hub_errors.unexpected(hub.endpoint(), say("It sends requests in circles or to nowhere."))
        if stream := hops[-1].extensions.get("network_stream"):
            line.watch(stream)
        return hops

    def _headers(self, start: int, end: int, *, with_token: bool) -> dict[str, str]:
        headers = hub.request_headers(with_token=with_token)
        # Ranges and the checksum are of the file itself. One connection per request: a stop may cut it without harm to others.
        headers |= {"Accept-Encoding": "identity", "Connection": "close"}
        if (start, end) != (0, self._size) and self._odd_ranges < _MAX_ODD:
            headers["Range"] = f"bytes={start}-{end - 1}"
        return headers

    def _failure(self, error: Exception) -> Exception:
        """Sort a failure of the network: hopeless, or worth another try."""
        import httpx2

        known = hub_errors.user_error(error, hub.endpoint(), self._repo, self._file.name, self._policy.stall_s)
        if known is not None and (not isinstance(error, httpx2.TransportError) or known.code in network_errors.LASTING):
            return known
        if isinstance(error, httpx2.ReadTimeout):
            return TransientError(say("Nothing came for {time}.", time=duration(self._policy.stall_s)), error=known)
        if isinstance(error, (httpx2.ReadError, httpx2.RemoteProtocolError)) or known is None:
            return TransientError(say("The connection was lost."), error=known)
        return TransientError(known.what, error=known)

    def _check_identity(self, headers: Mapping[str, str]) -> None:
        """The hub's own answer repeats the checksum: another one means another content under this name."""
        etag = headers.get("X-Linked-Etag", "").removeprefix("W/").strip('"')
        if etag and hub.is_sha256(etag) and etag != self._file.sha256:
            why = say(
                "The hub now names checksum {now}…, at the start it was {before}….",
                now=etag[:12],
                before=(self._file.sha256 or "")[:12],
            )
            raise UserError("file_changed", say("{name} was replaced on the hub.", name=self._file.name), why, _CHANGED)

    def _checked(self, response: httpx2.Response, start: int, end: int, *, is_hub: bool) -> Answer:
        try:
            if response.status_code >= 400:
                raise self._refusal(response, is_hub=is_hub)
            at, until = self._position(response, start, end)
        except (TransientError, UserError):
            response.close()
            raise
        return Answer(response, at, until, self._failure)

    def _refusal(self, response: httpx2.Response, *, is_hub: bool) -> Exception:
        status, headers = response.status_code, response.headers
        if status == 416:
            found = re.fullmatch(r"bytes \*/(\d{1,18})", headers.get("Content-Range", ""))
            if found and int(found[1]) != self._size:
                return self._wrong_size(int(found[1]))
            self._odd_ranges += 1
            return TransientError(say("The server could not continue."), is_odd=True)
        error = hub_errors.status_error(status, headers, hub.endpoint(), self._repo, self._file.name)
        if status in (408, 429) or status >= 500:
            wait = hub_errors.retry_after_s(headers)
            return TransientError(
                say("The server answered {status}.", status=status), wait, error, is_refusal=status in (429, 503)
            )
        if is_hub or status == 407:
            return error
        return TransientError(say("The storage server answered {status}.", status=status), is_odd=True)

    def _position(self, response: httpx2.Response, start: int, end: int) -> tuple[int, int]:
        """From where to where in the file the answer's bytes belong."""
        headers = response.headers
        if headers.get("Content-Type", "").startswith("text/html"):
            raise hub_errors.unexpected(hub.endpoint(), say("It sent a web page instead of the file."))
        if headers.get("Content-Encoding", "identity") != "identity":
            raise TransientError(say("The server changed the file on its way."), is_odd=True)
        length = headers.get("Content-Length", "")
        count = int(length) if length.isdecimal() and len(length) < 19 else None
        if response.status_code == 206:
            found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
            if found and found[3] != "*" and int(found[3]) != self._size:
                raise self._wrong_size(int(found[3]))
            if found is None or int(found[1]) != start or not start <= int(found[2]) < self._size:
                self._odd_ranges += 1
                raise TransientError(say("The server continued at the wrong place."), is_odd=True)
            self._odd_ranges = 0
            return start, min(int(found[2]) + 1, end)
        if response.status_code != 200:
            raise TransientError(say("The server answered {status}.", status=response.status_code), is_odd=True)
        if count is not None and count != self._size:
            raise self._wrong_size(count)
        return 0, self._size

    def _wrong_size(self, found_bytes: int) -> UserError:
        why = say(
            "The server offers {found} bytes, the hub's listing says {wanted}.",
            found=f"{found_bytes:,}",
            wanted=f"{self._size:,}",
        )
        return UserError("file_changed", say("{name} is not what was expected.", name=self._file.name), why, _CHANGED)


_CHANGED = (NextStep("Start over with the new file", "restart"), NextStep("Try again", "retry"))


def _is_expired(status: int) -> bool:
    """Whether a signed address was refused for what it is; the hub gives a new one."""
    return 400 <= status < 500 and status not in (408, 416, 429)
