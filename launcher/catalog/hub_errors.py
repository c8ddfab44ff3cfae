"""What a hub's or the network's failure means to the user."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from launcher.catalog import network, network_errors
from launcher.catalog.network_errors import is_certificate_error as is_certificate_error
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import duration
from launcher.core.words import joined, say

_RETRY = network_errors.RETRY


def host_of(url: str) -> str:
    """The host (and port) of a URL, as shown to the user."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def origin_of(url: str) -> str:
    """Scheme and host of a URL, which is what an error about a server names."""
    return f"{urlsplit(url).scheme}://{host_of(url)}"


def without_secrets(url: str) -> str:
    """A link without what must not be shown or stored: name and password, query (signatures), fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, host_of(url) if parts.netloc else "", parts.path, "", ""))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long a server asks to wait ("Retry-After" in seconds, or the hub's "RateLimit" header); None when it does not say."""
    from huggingface_hub.utils import parse_ratelimit_headers

    text = headers.get("Retry-After", headers.get("retry-after", "")).strip()
    if text.isdigit():
        return float(text)
    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else None


def status_error(status: int, headers: Mapping[str, str], endpoint: str, repo: str, name: str = "") -> UserError:
    """The meaning of an HTTP status of the hub.

    Args:
        status: 400 or above.
        headers: of the answer; "X-Error-Code" tells a missing file from a missing repository.
        endpoint: the hub's address.
        repo: repository id.
        name: the file asked for, "" for a listing.
    """
    host = host_of(endpoint)
    code = headers.get("X-Error-Code", headers.get("x-error-code", ""))
    said = headers.get("X-Error-Message", headers.get("x-error-message", ""))
    detail = f"HTTP {status} {code} for {repo} {name}".strip()
    if said:
        detail = f"{detail}: {said[:200]}"
    page = NextStep("Open the page", StepAction.OPEN_PAGE, f"{endpoint}/{repo}")
    if status == 407:
        return network_errors.proxy_refused("407", host, _proxy_to(endpoint), detail)
    if status == 401 and "invalid" in said.lower():
        return token_refused(host, status, detail)
    if code == "GatedRepo" or (status == 403 and code != "RepoNotFound"):
        return _gated(status, said, endpoint, repo, detail)
    if code == "RevisionNotFound":
        return UserError(
            "revision_not_found",
            say("That version of {repo} is not on the hub any more.", repo=repo),
            say("{host} answered {status}.", host=host, status=status),
            (page,),
            detail,
        )
    if code == "EntryNotFound" or (status == 404 and name and code != "RepoNotFound"):
        return UserError(
            "file_not_found",
            say("{name} is not in {repo} any more.", name=name or say("The file"), repo=repo),
            say("{host} answered {status}.", host=host, status=status),
            (page,),
            detail,
        )
    if code == "RepoNotFound" or status in (401, 404):
        return UserError(
            "repo_not_found",
            say("{repo} was not found.", repo=repo),
            say(
                "{host} answered {status}: the repository does not exist, or it is private and needs an access token.",
                host=host,
                status=status,
            ),
            (NextStep("Check the name"), page, NextStep("Enter access token", StepAction.ENTER_TOKEN, host)),
            detail,
        )
    if status == 429:
        wait = retry_after_s(headers)
        why = (
            say("{host} allows no more requests for {time}.", host=host, time=duration(wait))
            if wait
            else say("{host} answered 429, too many requests.", host=host)
        )
        return UserError(
            "rate_limited",
            "The hub asks to wait.",
            why,
            (_RETRY, NextStep("Enter access token", StepAction.ENTER_TOKEN, host)),
            detail,
        )
    if status >= 500 or status == 408:
        return UserError(
            "hub_trouble",
            "The hub has trouble at the moment.",
            say("{host} answered {status}.", host=host, status=status),
            (_RETRY,),
            detail,
        )
    return unexpected(endpoint, say("It answered {status} for {repo}.", status=status, repo=repo), detail)


def token_refused(host: str, status: int, detail: str = "") -> UserError:
    """The hub does not know the access token (any more)."""
    why = joined(
        say(
            "{host} answered {status}: the token was revoked, has run out, or was not copied whole.",
            host=host,
            status=status,
        ),
        _token_source(),
    )
    steps = (NextStep("Enter access token", StepAction.ENTER_TOKEN, host),)
    return UserError("token_refused", "The access token is not valid.", why, steps, detail)


def _gated(status: int, said: str, endpoint: str, repo: str, detail: str) -> UserError:
    """Terms that were not accepted, and what else lies between a token and a gated repository."""
    host, source = host_of(endpoint), _token_source()
    restricted = say("{host} answered {status}, access restricted, for {repo}.", host=host, status=status, repo=repo)
    page = NextStep("Open the page", StepAction.OPEN_PAGE, f"{endpoint}/{repo}")
    other_token = NextStep("Enter another access token", StepAction.ENTER_TOKEN, host)
    if "fine-grained" in said.lower():
        why = say(
            "It was made without the permission to read gated repositories; its settings on {host} can add that.",
            host=host,
        )
        steps = (
            NextStep("Open the token's settings", StepAction.OPEN_PAGE, f"{endpoint}/settings/tokens"),
            other_token,
        )
        why = joined(restricted, why, source)
        return UserError("token_permission", "The access token may not read this model.", why, steps, detail)
    if "awaiting" in said.lower():
        why = say("You asked for access; the owner has not answered yet.")
        return UserError("gated", "The owner has not let you in yet.", joined(restricted, why), (page, _RETRY), detail)
    if source:
        why = say("The account of your access token has not accepted the terms of its page, or was not let in.")
        steps = (page, other_token)
    else:
        why = say("Accept the terms on its page, then enter your access token.")
        steps = (page, NextStep("Enter access token", StepAction.ENTER_TOKEN, host))
    return UserError(
        "gated", "The owner asks you to accept terms first.", joined(restricted, why, source), steps, detail
    )


def _token_source() -> str:
    """Where the token in use comes from; "" when there is none."""
    try:
        found = network.token()
    except UserError:
        return ""
    if found is None:
        return ""
    if found.source == "launcher":
        return say("The token is the one you entered here.")
    return say("The token comes from {source}.", source=found.source)


def _proxy_to(url: str) -> network.ProxyInUse | None:
    try:
        return network.proxy_in_use(url)
    except UserError:
        return None


def xet_only(host: str, name: str, repo: str) -> UserError:
    """A hub that hands out a file through Xet alone, which our transfer does not speak."""
    return UserError(
        "xet_only",
        say("{name} cannot be fetched from {host}.", name=name, host=host),
        "It answers with directions for the Xet protocol instead of the file.",
        (
            NextStep(say("Fetch it with: hf download {repo} {name}", repo=repo, name=name)),
            network_errors.mirror_step(host),
        ),
    )


def unexpected(endpoint: str, why: str, detail: str = "") -> UserError:
    """Something answered that does not behave like a hub (a login page, a proxy, a wrong download server)."""
    host = host_of(endpoint)
    steps = (
        _RETRY,
        NextStep("Open the network's login page", StepAction.OPEN_PAGE, endpoint),
        network_errors.mirror_step(host),
    )
    return UserError("hub_unexpected", say("{host} did not answer as a hub does.", host=host), why, steps, detail)


def user_error(error: Exception, endpoint: str, repo: str, name: str = "", timeout_s: float = 10.0) -> UserError | None:
    """Translate a failure of huggingface_hub or its HTTP client; None when it is not one of theirs (a bug: let it fly)."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, HfHubHTTPError):
        return status_error(error.response.status_code, error.response.headers, endpoint, repo, name)
    if isinstance(error, HFValidationError):
        return UserError(
            "bad_repo_name",
            say("{repo} is not a repository name.", repo=f"{repo!r}"),
            "It must look like owner/name.",
            (NextStep("Check the name"),),
            detail,
        )
    if isinstance(
        error, (httpx2.TooManyRedirects, httpx2.InvalidURL, httpx2.DecodingError, httpx2.UnsupportedProtocol)
    ):
        return unexpected(endpoint, say("It sends requests in circles or to nowhere."), detail)
    return network_errors.transport_error(error, host_of(endpoint), timeout_s)
