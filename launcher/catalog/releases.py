"""Whether there is a newer version of this program: asked only when the user says so, of the address that is set.

A feed is a JSON list of releases with the fields that GitHub, Gitea and Forgejo give: `tag_name`, `body`, `html_url`,
`published_at`, `draft`, `prerelease`; a single such object is a list of one. Any web server can hold it as a file
(packaging/release/notes.py writes one). Everything in it is a stranger's text: the notes are shown as plain text, the page's
address is shown before it is opened, nothing is fetched from it and nothing is ever installed.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from launcher import RELEASE_FEED, __version__
from launcher.catalog import network, network_errors
from launcher.core.errors import NextStep, UserError
from launcher.core.units import duration
from launcher.core.versions import VersionKey, is_before_release, version_key
from launcher.core.words import say

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 10.0
"""The longest silence."""
LIMIT_S = 30.0
"""The longest that the whole answer may take."""

_MOST_BYTES = 4 * 2**20
_MOST_RELEASES, _MOST_NOTES = 50, 20_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INVISIBLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SET_ANOTHER = NextStep("Check the feed's address")


@dataclass(frozen=True, slots=True)
class Release:
    """One release as its publisher describes it.

    Attributes:
        version: as its tag says, without a leading v.
        published: "2026-11-22", "" when the feed does not say.
        notes: what is new, as plain text; "" for none.
        page: its web page, "" for none that a browser should open.
    """

    version: str
    published: str
    notes: str
    page: str


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """What the feed says.

    Attributes:
        installed: this program's version.
        host: who was asked.
        newest: the newest release there is for this version; candidates count only for candidates. None: nothing is released yet.
        newer: what is newer than the installed version, the newest first.
    """

    installed: str
    host: str
    newest: Release | None
    newer: tuple[Release, ...]


def feed_address(setting: str = "") -> str:
    """The feed in use: the setting's, else the one this build was made with; "" when there is none."""
    return setting.strip() or RELEASE_FEED


def check_feed(text: str) -> None:
    """Whether the setting for the feed's address can be used; empty can.

    Raises:
        UserError: ("bad_feed") it cannot.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        is_fine = not text or (parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0)
        has_name = bool(parts.username or parts.password)
    except ValueError:
        is_fine = has_name = False
    if is_fine and not has_name and text.isprintable() and " " not in text:
        return
    why = (
        say("It must not hold a name or password.")
        if has_name
        else say("It must look like https://server.example/releases.json.")
    )
    raise UserError("bad_feed", "This is not the address of a release feed.", why, (_SET_ANOTHER,))


def look(feed: str, stop: threading.Event | None = None, installed: str = __version__) -> UpdateAnswer:
    """Ask the feed. Blocks for up to `LIMIT_S`, and for the time that a look-up of its name takes.

    Args:
        feed: as `feed_address` gives it.
        stop: ends it between two pieces of the answer.
        installed: the version to compare with.

    Raises:
        UserError: ("no_release_feed") there is none; ("bad_feed") its address is none; ("offline_mode"), ("hub_unreachable"),
            ("certificate") and what else happens on the way; ("feed_refused") it gave no list; ("feed_unreadable") it is no such
            list; ("feed_slow"); ("update_check_stopped").
    """
    if not feed:
        raise UserError(
            "no_release_feed",
            "No release feed is set in this build.",
            say(
                "Whoever built it named no list of releases to ask, so it cannot tell whether there is a newer version."
            ),
            (NextStep("Enter the address of a release feed"),),
        )
    check_feed(feed)
    if network.is_offline():
        raise network_errors.offline()
    host = urlsplit(feed).netloc
    return _compared(_releases(_fetched(feed, host, stop or threading.Event()), host), host, installed)


def _fetched(feed: str, host: str, stop: threading.Event) -> bytes:
    import httpx2

    # Who asks, and nothing else about this computer.
    headers = {"User-Agent": f"launcher/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
    try:
        client = network.session()
        request = client.build_request("GET", feed, headers=headers, timeout=httpx2.Timeout(TIMEOUT_S))
        response = client.send(request, stream=True)
        try:
            _check_answer(response, feed, host)
            return _body(response, host, stop)
        finally:
            response.close()
    except UserError:
        raise
    except Exception as error:
        known = network_errors.transport_error(error, host, TIMEOUT_S)
        if known is None:
            raise
        # The test and the mirror are about the download server.
        about_downloads = (network_errors.TEST, network_errors.mirror_step(host))
        known.next_steps = tuple(step for step in known.next_steps if step not in about_downloads)
        raise known from error


def _check_answer(response: httpx2.Response, feed: str, host: str) -> None:
    status = response.status_code
    if feed.startswith("https://") and response.url.scheme != "https":
        why = say("It sends on to an address that is not encrypted.")
    elif status == 404:
        why = say("It answered 404: there is no list of releases at that address.")
    elif status in (403, 429):
        why = say("It answered {status}: it refuses, or was asked too often. Try again later.", status=status)
    elif status != 200:
        why = say("It answered {status}.", status=status)
    else:
        return
    what = say("{host} gave no list of releases.", host=host)
    raise UserError("feed_refused", what, why, (network_errors.RETRY, _SET_ANOTHER))


def _body(response: httpx2.Response, host: str, stop: threading.Event) -> bytes:
    until_s = time.monotonic() + LIMIT_S
    data = bytearray()
    for chunk in response.iter_raw():
        data += chunk
        if stop.is_set():
            raise UserError("update_check_stopped", "The check was stopped.")
        if len(data) > _MOST_BYTES:
            raise _unreadable(host, say("It is larger than {n} MB.", n=_MOST_BYTES // 10**6))
        if time.monotonic() > until_s:
            what = say("{host} is too slow.", host=host)
            why = say("{n} bytes of its list of releases came within {time}.", n=len(data), time=duration(LIMIT_S))
            raise UserError("feed_slow", what, why, (network_errors.RETRY,))
    return bytes(data)


def _releases(data: bytes, host: str) -> list[tuple[VersionKey, Release]]:
    """The published releases of a feed whose tags are versions."""
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unreadable(host, say("It is not JSON."), repr(error)[:300]) from error
    entries = cast("list[object]", found) if isinstance(found, list) else [found]
    objects = [cast("dict[str, Any]", e) for e in entries if isinstance(e, dict)]
    if len(objects) < len(entries) or not all(isinstance(o.get("tag_name"), str) for o in objects):
        raise _unreadable(host, say("It is JSON, but not a list of releases with tag_name, body and html_url."))
    read = (_release(o) for o in objects if o.get("draft") is not True)
    return sorted((pair for pair in read if pair is not None), key=lambda pair: pair[0], reverse=True)


def _release(data: dict[str, Any]) -> tuple[VersionKey, Release] | None:
    tag = cast("str", data["tag_name"]).strip()
    key = version_key(tag)
    if key is None:  # a tag for something else
        return None
    if data.get("prerelease") is True and not is_before_release(key):
        return None
    date = data.get("published_at")
    published = _DATE.match(date) if isinstance(date, str) else None
    return key, Release(
        tag.removeprefix("v").removeprefix("V"),
        published[0] if published else "",
        _notes(data.get("body")),
        _page(data.get("html_url")),
    )


def _notes(body: object) -> str:
    """As plain text, without what hides or reorders letters."""
    if not isinstance(body, str):
        return ""
    lines = body[: 2 * _MOST_NOTES].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    text = _INVISIBLE.sub("", lines).strip()
    return text if len(text) <= _MOST_NOTES else f"{text[:_MOST_NOTES]}…"


def _page(address: object) -> str:
    if not isinstance(address, str) or len(address) > 2000 or not address.isascii() or not address.isprintable():
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and " " not in address
    return address if is_plain else ""


def _compared(releases: list[tuple[VersionKey, Release]], host: str, installed: str) -> UpdateAnswer:
    here = version_key(installed)
    assert here is not None, installed  # noqa: S101 - our own version
    wanted = [pair for pair in releases if is_before_release(here) or not is_before_release(pair[0])]
    newer = tuple(release for key, release in wanted if key > here)
    return UpdateAnswer(installed, host, wanted[0][1] if wanted else None, newer[:_MOST_RELEASES])


def _unreadable(host: str, why: str, detail: str = "") -> UserError:
    what = say("The list of releases from {host} cannot be read.", host=host)
    return UserError("feed_unreadable", what, why, (network_errors.RETRY, _SET_ANOTHER), detail)
