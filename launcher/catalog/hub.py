"""What a hub repository really holds: exact files with sizes, checksums and the commit, through huggingface_hub.

The endpoint, the token and the way there are `network`'s.
File names, sizes and hashes are the server's word: they are checked for shape here before anybody builds a path from them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from launcher import __version__
from launcher.catalog import hub_errors, hub_files, network
from launcher.catalog.network import DEFAULT_ENDPOINT as DEFAULT_ENDPOINT
from launcher.catalog.network import endpoint as endpoint
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.models import ModelFile
from launcher.core.words import say

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TIMEOUT_S = 10.0

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BAD_IN_NAME = re.compile(r'[\x00-\x1f\\:*?"<>|]')


@dataclass(frozen=True, slots=True)
class RepoListing:
    """Files of a repository at one commit."""

    repo: str
    commit: str
    files: tuple[ModelFile, ...]


def file_url(repo: str, commit: str, name: str) -> str:
    """Where a file is fetched from."""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(repo, name, revision=commit, endpoint=endpoint())


def request_headers(*, with_token: bool = True) -> dict[str, str]:
    """What every request to the hub carries: who we are, and the access token where there is one for this hub.

    `with_token=False` is for every other server.

    Raises:
        UserError: ("bad_token") the token cannot be used.
    """
    from huggingface_hub.utils import build_hf_headers  # pyright: ignore[reportUnknownVariableType] - its `dict` is bare

    network.install()
    found = network.token() if with_token else None
    return build_hf_headers(token=found.text if found else False, library_name="launcher", library_version=__version__)


def api() -> HfApi:
    """huggingface_hub's view of the hub in use, with our way there and the token for it.

    Raises:
        UserError: ("bad_token") the token cannot be used.
    """
    from huggingface_hub import HfApi

    network.install()
    found = network.token()
    return HfApi(
        endpoint=endpoint(),
        token=found.text if found else False,
        library_name="launcher",
        library_version=__version__,
    )


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a full commit hash, which never changes its content."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def is_sha256(text: str | None) -> bool:
    """Whether a text is a sha256 in lower-case hex."""
    return text is not None and _SHA256.fullmatch(text) is not None


def is_safe_name(name: str) -> bool:
    """Whether a path from a listing stays inside its folder on every system."""
    parts = name.split("/")
    return (
        bool(name)
        and not _BAD_IN_NAME.search(name)
        and all(p not in ("", ".", "..") and not p.endswith((" ", ".")) for p in parts)
    )


def list_files(repo: str, revision: str | None = None) -> RepoListing:
    """Every file of a repository, with size and sha256 where the hub keeps them (all large files).

    Args:
        repo: "owner/name".
        revision: branch, tag or commit; None is the newest.

    Raises:
        UserError: unreachable, gated, not found, rate limited, or not a hub.
    """
    base = endpoint()
    try:
        info = api().model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Includes JSON errors: the client parses whatever came back.
        known = hub_errors.user_error(error, base, repo)
        raise known or hub_errors.unexpected(
            base, say("Its listing of {repo} cannot be read.", repo=repo), repr(error)[:300]
        ) from error
    except UserError:
        raise
    except Exception as error:
        known = hub_errors.user_error(error, base, repo, timeout_s=TIMEOUT_S)
        if known is None:
            raise
        raise known from error
    if not is_commit(info.sha):
        raise hub_errors.unexpected(base, say("Its listing of {repo} names no commit.", repo=repo))
    files = tuple(
        ModelFile(s.rfilename, s.lfs.size if s.lfs else s.size, s.lfs.sha256 if s.lfs else None)
        for s in info.siblings or ()
        if is_safe_name(s.rfilename)
    )
    return RepoListing(repo, info.sha or "", files)


def resolve(repo: str, quant: str = "", names: Sequence[str] = (), revision: str | None = None) -> RepoListing:
    """The exact files of one item: a quantisation, or the files named (a shard stands for its whole set).

    Args:
        repo: "owner/name".
        quant: the quantisation, used when `names` is empty or not (any more) in the repository.
        names: paths inside the repository.
        revision: branch, tag or commit; None is the newest.

    Returns:
        The files in shard order; every one has a size and a sha256.

    Raises:
        UserError: as `list_files` and `hub_files.select`, or "no_checksum".
    """
    listing = list_files(repo, revision)
    chosen = hub_files.select(repo, listing.files, quant, names)
    return replace(listing, files=tuple(_with_checksum(repo, listing.commit, f) for f in chosen))


def quants(listing: RepoListing) -> dict[str, tuple[ModelFile, ...]]:
    """Quantisation -> its files, for every complete one in a repository."""
    groups = (g for g in hub_files.group(listing.files) if not hub_files.is_sidecar(g.files[0].name))
    return {g.quant: g.files for g in groups if g.quant and not g.missing}


def _with_checksum(repo: str, commit: str, file: ModelFile) -> ModelFile:
    """Ask for the file itself where the listing has no checksum (some mirrors leave it out)."""
    if file.size_bytes and is_sha256(file.sha256):
        return file
    base = endpoint()
    try:
        found = api().get_hf_file_metadata(url=file_url(repo, commit, file.name), timeout=TIMEOUT_S)
    except UserError:
        raise
    except Exception as error:
        known = hub_errors.user_error(error, base, repo, file.name, TIMEOUT_S)
        if known is None:
            raise
        raise known from error
    if not found.size or not is_sha256(found.etag):
        raise UserError(
            "no_checksum",
            say("{file} cannot be verified.", file=file.name),
            say(
                "{host} publishes no sha256 for it, so a damaged file would not be noticed.",
                host=hub_errors.host_of(base),
            ),
            (NextStep("Choose another mirror", StepAction.NETWORK_SETTINGS), NextStep("Choose another repository")),
        )
    return ModelFile(file.name, found.size, found.etag)
