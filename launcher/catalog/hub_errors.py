"""What a hub's or the network's failure means to the user."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from launcher.core.errors import NextStep, UserError
from launcher.core.units import duration
from launcher.core.words import say

_RETRY = NextStep("Try again", "retry")


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
    detail = f"HTTP {status} {code} for {repo} {name}".strip()
    page = NextStep("Open the page", "open_page", f"{endpoint}/{repo}")
    if code == "GatedRepo" or (status == 403 and code != "RepoNotFound"):
        return UserError(
            "gated",
            "The owner asks you to accept terms first.",
            say(
                "{host} answered {status}, access restricted, for {repo}. Accept the terms on its page, then enter your access token.",
                host=host,
                status=status,
                repo=repo,
            ),
            (page, NextStep("Enter access token", "enter_token", host)),
            detail,
        )
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
            (NextStep("Check the name"), page, NextStep("Enter access token", "enter_token", host)),
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
            (_RETRY, NextStep("Enter access token", "enter_token", host)),
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


def unexpected(endpoint: str, why: str, detail: str = "") -> UserError:
    """Something answered that does not behave like a hub (a login page, a proxy, a wrong HF_ENDPOINT)."""
    host = host_of(endpoint)
    steps = (
        _RETRY,
        NextStep("Check the network's login page and the hub address (HF_ENDPOINT)", "open_page", endpoint),
    )
    return UserError("hub_unexpected", say("{host} did not answer as a hub does.", host=host), why, steps, detail)


def user_error(error: Exception, endpoint: str, repo: str, name: str = "", timeout_s: float = 10.0) -> UserError | None:
    """Translate a failure of huggingface_hub or its HTTP client; None when it is not one of theirs (a bug: let it fly)."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    host = host_of(endpoint)
    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, HfHubHTTPError):
        return status_error(error.response.status_code, error.response.headers, endpoint, repo, name)
    if isinstance(error, OfflineModeIsEnabled):
        return UserError(
            "offline_mode",
            "Offline mode is on, so nothing is fetched.",
            "HF_HUB_OFFLINE is set.",
            (NextStep("Unset HF_HUB_OFFLINE"),),
            detail,
        )
    if isinstance(error, HFValidationError):
        return UserError(
            "bad_repo_name",
            say("{repo} is not a repository name.", repo=f"{repo!r}"),
            "It must look like owner/name.",
            (NextStep("Check the name"),),
            detail,
        )
    if is_certificate_error(error):
        return UserError(
            "certificate",
            say("The connection to {host} is not trusted.", host=host),
            "Its certificate could not be verified. A company network that inspects traffic does this.",
            (NextStep("Add the network's certificate (SSL_CERT_FILE)"), _RETRY),
            detail,
        )
    if isinstance(error, httpx2.ProxyError):
        return UserError(
            "proxy_failed",
            say("The proxy did not let us through to {host}.", host=host),
            detail,
            (NextStep("Check the proxy settings"), _RETRY),
            detail,
        )
    if isinstance(error, httpx2.TimeoutException):
        return UserError(
            "hub_unreachable",
            say("{host} did not answer.", host=host),
            say("Nothing came back within {time}.", time=duration(timeout_s)),
            (_RETRY,),
            detail,
        )
    if isinstance(error, httpx2.TransportError):
        return UserError(
            "hub_unreachable",
            say("{host} could not be reached.", host=host),
            say("The network says: {error}", error=error)[:300],
            (_RETRY,),
            detail,
        )
    if isinstance(error, (httpx2.TooManyRedirects, httpx2.InvalidURL, httpx2.DecodingError)):
        return unexpected(endpoint, say("It sends requests in circles or to nowhere."), detail)
    return None


def is_certificate_error(error: BaseException) -> bool:
    """Whether a certificate was refused somewhere below; trying again would not help."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(error)
