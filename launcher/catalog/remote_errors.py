"""What can go wrong while the header of a file elsewhere is read, in the user's words."""

from __future__ import annotations

from collections.abc import Mapping

from launcher.catalog import hub, hub_errors, network_errors
from launcher.core.errors import NextStep, UserError
from launcher.core.units import duration, gb, whole
from launcher.core.words import say

_RETRY = NextStep("Try again", "retry")

# The server is away or in trouble: what was read earlier still helps. Others are answers about the file itself.
AWAY = frozenset(
    {"hub_unreachable", "proxy_failed", "hub_trouble", "rate_limited", "hub_unexpected"} | network_errors.LASTING
)


class TransientError(Exception):
    """Worth another try; `known` is what the user reads when that fails too."""

    def __init__(self, known: UserError) -> None:
        super().__init__(known.what)
        self.known = known


def refused(status: int, headers: Mapping[str, str], url: str, repo: str | None, name: str) -> UserError:
    """The meaning of an HTTP status of 400 or above. `repo` is None for a server that is no hub."""
    if repo is not None:
        return hub_errors.status_error(status, headers, hub.endpoint(), repo, name)
    host, shown = hub_errors.host_of(url), hub_errors.without_secrets(url)
    detail = f"HTTP {status} for {shown}"
    page = NextStep("Open the page", "open_page", shown)
    why = say("{host} answered {status}.", host=host, status=status)
    if status in (401, 403, 407):
        steps = (NextStep("Copy the link again: signed links run out"), page)
        return UserError(
            "link_refused", say("{host} does not hand out {name}.", host=host, name=name), why, steps, detail
        )
    if status in (404, 410):
        steps = (NextStep("Check the link"), page)
        return UserError("file_not_found", say("{name} is not at {host}.", name=name, host=host), why, steps, detail)
    if status == 416:
        return UserError(
            "file_changed", say("{name} was replaced while it was read.", name=name), why, (_RETRY,), detail
        )
    if status == 429:
        wait = hub_errors.retry_after_s(headers)
        if wait:
            why = say("{host} allows no more requests for {time}.", host=host, time=duration(wait))
        return UserError("rate_limited", say("{host} asks to wait.", host=host), why, (_RETRY,), detail)
    if status >= 500 or status == 408:
        return UserError("hub_trouble", say("{host} has trouble at the moment.", host=host), why, (_RETRY,), detail)
    return UserError("link_refused", say("{name} cannot be read.", name=name), why, (page, _RETRY), detail)


def translated(error: Exception, url: str, repo: str | None, name: str, stall_s: float) -> Exception:
    """A failure of the network: hopeless (UserError), worth another try (TransientError), or a bug (itself)."""
    import httpx2

    address = hub.endpoint() if repo is not None else hub_errors.origin_of(url)
    known = hub_errors.user_error(error, address, repo or name, name, stall_s)
    if known is None:
        return error
    is_final = known.code in network_errors.LASTING | {"proxy_failed"} or isinstance(error, httpx2.ConnectError)
    return known if is_final or not isinstance(error, httpx2.TransportError) else TransientError(known)


def wrong_place(url: str) -> UserError:
    """The answer holds another range than the one asked for."""
    return hub_errors.unexpected(hub_errors.origin_of(url), say("It sent another part of the file than was asked for."))


def web_page(url: str) -> UserError:
    """HTML where a model should be."""
    return hub_errors.unexpected(hub_errors.origin_of(url), say("It sent a web page instead of the file."))


def no_size(url: str, name: str) -> UserError:
    """Neither Content-Range nor Content-Length."""
    host = hub_errors.host_of(url)
    why = say("{host} does not say how large it is, and a plan needs that.", host=host)
    return UserError(
        "no_size",
        say("{name} cannot be planned from afar.", name=name),
        why,
        (NextStep("Download it and open the file"),),
    )


def nothing_came(url: str) -> UserError:
    """An answer without bytes."""
    host = hub_errors.host_of(url)
    return UserError(
        "hub_unreachable", say("{host} ended the connection.", host=host), "No bytes of the file came.", (_RETRY,)
    )


def too_slow(url: str, have_bytes: int, seconds: float) -> UserError:
    """The server drips."""
    host = hub_errors.host_of(url)
    why = say("Only {size} came within {time}.", size=gb(have_bytes), time=duration(seconds))
    return UserError("hub_unreachable", say("{host} is too slow.", host=host), why, (_RETRY,))


def changed(name: str, found_bytes: int, wanted_bytes: int) -> UserError:
    """Another size than the listing's."""
    why = say(
        "The server offers {found} bytes, the hub's listing says {wanted}.",
        found=whole(found_bytes),
        wanted=whole(wanted_bytes),
    )
    return UserError("file_changed", say("{name} is not what was expected.", name=name), why, (_RETRY,))


def keeps_changing(name: str) -> UserError:
    """Replaced between two ranges, twice."""
    why = say("The server named another content for each part of it.")
    return UserError("file_changed", say("{name} was replaced while it was read.", name=name), why, (_RETRY,))


def not_kept(error: OSError) -> UserError:
    """The disk refused."""
    steps = (NextStep("Free up space", "free_space"), _RETRY)
    return UserError("cache_unwritable", "The header could not be kept on the disk.", str(error), steps)


def stopped() -> UserError:
    """The user's own wish."""
    return UserError("stopped", "Stopped.", "The header was not read to its end.", (_RETRY,))
