"""Deleting a model that we fetched; everything else stays where its owner put it."""

from __future__ import annotations

import logging

from launcher.core.downloads import Installed, Origin
from launcher.core.errors import NextStep, UserError
from launcher.core.words import say
from launcher.downloads.disk import folders, index, kept_maps
from launcher.downloads.disk.cache import RepoCache

_log = logging.getLogger("launcher.downloads")


def remove(model: Installed) -> int:
    """Delete a model of ours with all its files, or take a file that the user opened off the list (the file stays).

    Files that another snapshot or another tool uses stay. Of several revisions of a model only this one goes.

    Returns:
        Bytes freed.

    Raises:
        UserError: "not_ours": another tool put it there; "in_use": the system holds on to it (Windows: while it is loaded).
    """
    if model.origin == Origin.FILE:
        folders.forget_file(model.path)
        return 0
    owner = index.owner_of(model.path)
    if owner is None:
        raise UserError(
            "not_ours",
            say("{name} was not fetched by the launcher.", name=model.name),
            say(
                "It lies in {path} and may be in use by another program, so it is not deleted from here.",
                path=model.path,
            ),
            (NextStep("Show it in its folder", "reveal", model.path),),
        )
    cache = RepoCache.for_request(owner.request)
    freed = 0
    try:
        for file in owner.request.files:
            if file.sha256 in owner.fetched_sha256:
                freed += cache.delete(owner.request.revision or "", file)
    except PermissionError as error:
        raise UserError(
            "in_use",
            say("{name} cannot be deleted now.", name=model.name),
            say(
                "The system says: {text} ({folder}).", text=error.strerror or error, folder=error.filename or model.path
            ),
            (NextStep("Close the chats and programs that use it, then try again", "retry"),),
            str(error),
        ) from error
    index.forget(owner)
    for file in owner.request.files:
        if file.sha256 and not cache.blob(file.sha256).exists():
            kept_maps.forget(file.sha256)
    return freed
