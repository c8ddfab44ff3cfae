"""A model from a pasted link. Its address may carry a password or a signature: those are kept for fetching and never shown."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

from launcher.core.models import Quant, Variant
from launcher.core.words import joined
from launcher.services.outside import Origin, describe

LINKED_FAMILY = "linked"
_REPO = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?::[\w.-]+)?$")

# The addresses of this session by what is shown of them. Only in memory: a signature is worth nothing tomorrow.
_addresses: dict[str, str] = {}


def is_link(text: str) -> bool:
    """Whether a search text is a URL, "owner/repo" or "owner/repo:QUANT" instead of words."""
    text = text.strip()
    return _is_address(text) or bool(_REPO.match(text))


def shown_link(source: str) -> str:
    """A link as it may be shown and stored: a URL without name, password and signature."""
    from launcher.catalog.hub_errors import without_secrets

    source = source.strip()
    return without_secrets(source) if _is_address(source) else source


def address_of(repo: str) -> str:
    """Where to fetch what a plan's `repo` names: the address as it was pasted, where `repo` is only what is shown of it."""
    return _addresses.get(repo, repo)


def read_linked(source: str, stop: threading.Event | None = None) -> tuple[Variant, Quant]:
    """Fetch the header behind a link; blocks for a second or a few.

    Args:
        source: a URL of a .gguf or of a hub page, "owner/repo" or "owner/repo:QUANT".
        stop: set from another thread to give up.

    Returns:
        The catalog's own entry where the link is one of its files. Else what the header says; where it is one kept from an
        earlier day because the server is away, `honest_note` says so.

    Raises:
        UserError: the address cannot be read, holds no GGUF, or one that this engine cannot load.
    """
    from launcher import catalog
    from launcher.catalog.remote import read_remote_set

    source, shown = source.strip(), shown_link(source)
    found = read_remote_set(source, stop=stop)
    known = found.identify(catalog.load())
    if known.variant and known.quant and known.quant.repo == found.repo and known.quant.loadable:
        return known.variant, known.quant
    repo = found.repo or shown
    if not found.repo:
        _addresses[shown] = source
    origin = Origin(
        f"{LINKED_FAMILY}:{repo}:{found.name}", LINKED_FAMILY, found.name, repo, found.files, found.revision
    )
    variant, quant = describe(origin, known, found.headers)
    return replace(variant, honest_note=joined(found.note, variant.honest_note)), quant


def _is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))
