"""Whose certificates are trusted: the operating system's store, and what the user or the environment adds to it.

Networks that inspect traffic (companies, schools) put certificates of their own in the way. Where they are installed in the
system, nothing needs to be done; else a PEM file is named in the settings, or by SSL_CERT_FILE, SSL_CERT_DIR or
REQUESTS_CA_BUNDLE. All of them add to the system's store. (Other programs replace it, so that a conda environment, which
sets SSL_CERT_FILE to a bundle of its own, loses the company's certificate; ours does not.)
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.words import say

if TYPE_CHECKING:
    import ssl

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_log = logging.getLogger(__name__)


def context(ca_file: str = "") -> ssl.SSLContext:
    """What TLS connections are checked with.

    Args:
        ca_file: the PEM file of the settings, "" is none.

    Raises:
        UserError: ("ca_file") that file cannot be used. One that the environment names is left out then, with a warning.
    """
    import httpx2

    # The system's store on every platform (truststore on Windows and macOS), without the environment's variables.
    found = httpx2.create_ssl_context(trust_env=False)
    for name, path in from_environment():
        try:
            found.load_verify_locations(**({"capath": path} if Path(path).is_dir() else {"cafile": path}))
        except OSError as error:  # ssl.SSLError is one
            _log.warning("%s names %s, which cannot be used: %s", name, path, error)
    if ca_file:
        _add(found, ca_file)
    return found


def from_environment() -> tuple[tuple[str, str], ...]:
    """Variable and path of what the environment adds."""
    return tuple((name, path) for name in VARIABLES if (path := os.environ.get(name)))


def added(ca_file: str = "") -> tuple[str, ...]:
    """The files and folders that add to the system's store, each once."""
    return tuple(dict.fromkeys(filter(None, (ca_file, *(path for _, path in from_environment())))))


def check_ca_file(text: str) -> None:
    """Whether the setting for extra certificates can be used.

    Raises:
        UserError: ("ca_file") it cannot.
    """
    if text.strip():
        import ssl  # a megabyte, which nothing but TLS needs

        _add(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), text.strip())


def _add(target: ssl.SSLContext, path: str) -> None:
    import ssl

    before = _count(target)
    try:
        target.load_verify_locations(cafile=str(Path(path).expanduser()))
    except ssl.SSLError:
        raise _unusable(
            path, say("It holds no certificate that can be read. It must be in PEM format (BEGIN CERTIFICATE).")
        ) from None
    except OSError as error:
        raise _unusable(path, f"{error.strerror}." if error.strerror else str(error)) from None
    if before is not None and _count(target) == before and before == 0:
        raise _unusable(
            path, say("It holds no certificate that can be read. It must be in PEM format (BEGIN CERTIFICATE).")
        )


def _count(target: ssl.SSLContext) -> int | None:
    try:
        return target.cert_store_stats()["x509"]
    except NotImplementedError:  # truststore's
        return None


def _unusable(path: str, why: str) -> UserError:
    return UserError(
        "ca_file",
        say("The certificates in {path} cannot be used.", path=path),
        why,
        (NextStep("Choose another file", StepAction.NETWORK_SETTINGS),),
    )
