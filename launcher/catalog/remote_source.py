"""What a person pastes to name a model elsewhere: "owner/repo", "owner/repo:Q4_K_M", a hub page's link, or any .gguf's link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from launcher.catalog import hub, hub_errors, hub_files
from launcher.catalog.gguf import shard_names
from launcher.catalog.gguf_bytes import shown
from launcher.core.errors import NextStep, UserError
from launcher.core.words import say

_REPO = re.compile(r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?::(?P<quant>[\w.-]+))?")
_HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_HUB_PATH = re.compile(
    r"/(?P<repo>[\w.-]+/[\w.-]+)/?(?:(?P<kind>resolve|blob|tree)/(?P<revision>[^/]+)(?:/(?P<path>.*?))?/?)?"
)
_NO_REPO = frozenset({"datasets", "spaces", "api", "models", "collections", "docs"})


@dataclass(frozen=True, slots=True)
class HubSource:
    """A quantisation or a file of a hub repository. `name` is "" where the quantisation decides."""

    repo: str
    name: str = ""
    quant: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSource:
    """Files of any web server: all shards of the set that the link belongs to, in order."""

    urls: tuple[str, ...]
    names: tuple[str, ...]


def parse(source: str, quant: str | None = None, revision: str | None = None) -> HubSource | LinkSource:
    """Tell what a text names.

    Links to huggingface.co are taken as the repository they show, so that HF_ENDPOINT counts for them too.

    Args:
        source: see the module.
        quant: wins over one inside the text.
        revision: wins over one inside the text.

    Raises:
        UserError: "bad_link".
    """
    text = source.strip()
    if "://" not in text:
        found = _REPO.fullmatch(text)
        if found is None or text.lower().endswith(".gguf"):
            raise _bad_link(
                text, say("It is neither a file here, nor owner/repository, nor a link that begins with https://.")
            )
        return HubSource(found["repo"], "", quant or found["quant"], revision)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port  # raises for a port that is no number
    except ValueError as error:
        raise _bad_link(text, str(error)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_link(text, say("Only links that begin with https:// or http:// can be read."))
    path = _hub_path(host, parts.netloc, unquote(parts.path))
    if path is not None:
        return _hub_source(text, path, quant, revision)
    return _link_source(text)


def _hub_path(host: str, netloc: str, path: str) -> str | None:
    """The path below a hub's address; None where another server is meant."""
    if host in _HUB_HOSTS:
        return path
    base = urlsplit(hub.endpoint())
    prefix = base.path.rstrip("/")
    return path[len(prefix) :] if netloc == base.netloc and path.startswith(prefix + "/") else None


def _hub_source(text: str, path: str, quant: str | None, revision: str | None) -> HubSource:
    found = _HUB_PATH.fullmatch(path)
    if found is None or found["repo"].partition("/")[0] in _NO_REPO:
        raise _bad_link(text, say("It is not the link of a model or of one of its files."))
    repo, name = found["repo"], found["path"] or ""
    revision = revision or (unquote(found["revision"]) if found["revision"] else None)
    if found["kind"] in ("resolve", "blob"):
        _check_name(text, name)
        return HubSource(repo, name, quant, revision)
    # The page of a folder, which most publishers name after the quantisation.
    return HubSource(repo, "", quant or (hub_files.quant_of(name + "/x") if name else None), revision)


def _link_source(text: str) -> LinkSource:
    parts = urlsplit(text)
    folder, _, last = parts.path.rpartition("/")
    name = unquote(last)
    _check_name(text, name)
    names = shard_names(name)
    urls = (
        urlunsplit((parts.scheme, parts.netloc, f"{folder}/{quote(n) if len(names) > 1 else last}", parts.query, ""))
        for n in names
    )
    return LinkSource(tuple(urls), names)


def _check_name(text: str, name: str) -> None:
    if PurePosixPath(name).suffix.lower() != ".gguf" or not hub.is_safe_name(name):
        raise _bad_link(text, say("It does not lead to a .gguf file."))


def _bad_link(text: str, why: str) -> UserError:
    what = say("“{text}” does not name a model.", text=shown(hub_errors.without_secrets(text), 100))
    return UserError("bad_link", what, why, (NextStep("Copy the link of a .gguf file, or write owner/repository"),))
