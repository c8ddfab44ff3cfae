"""The headers of a model that is still on the hub, or on any web server: a few MB of hundreds of GB.

Only the bytes before the tensor data are fetched, for every shard, and kept on the disk; an unchanged file is never fetched
twice. What is known of a file then is as exact as if it lay here: `facts_of(remote.headers)`, and the engine's own dry run
over `remote.header_paths`.
"""

from __future__ import annotations

import datetime
import io
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from launcher.catalog import hub, hub_files, remote_cache, remote_source
from launcher.catalog.facts import quant_name
from launcher.catalog.gguf import GgufHeader, check_set
from launcher.catalog.gguf_header import parse_header
from launcher.catalog.identify import Identity, identify
from launcher.catalog.listing import USUAL_QUANTS, Catalog
from launcher.catalog.remote_cache import CachedHeader, StoredSet
from launcher.catalog.remote_errors import AWAY, keeps_changing, not_kept
from launcher.catalog.remote_fetch import ChangedError, Halt, Patience, RangeFile, Target
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.words import known, say

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class RemoteSet:
    """A model elsewhere, known by its headers.

    Attributes:
        name: of its file, without shard number and ".gguf".
        repo, revision: the hub's repository and commit; None on another server.
        quant: as the file's name or header states it, "" when neither does.
        files: in shard order, sizes exact, sha256 where the hub publishes it.
        headers: of the files, in the same order.
        header_paths: each holds exactly the bytes of a file before its tensor data, under the file's own name.
        fetched_bytes: file bytes that were transferred for this; 0 when all was here.
        note: worth telling the user ("huggingface.co could not be reached; …"), mostly "".
    """

    name: str
    repo: str | None
    revision: str | None
    quant: str
    files: tuple[ModelFile, ...]
    headers: tuple[GgufHeader, ...]
    header_paths: tuple[Path, ...]
    fetched_bytes: int = 0
    note: str = ""

    def identify(self, catalog: Catalog) -> Identity:
        """Which catalog model this is, so that it gets its name, score and way of thinking.

        Raises:
            UserError: "not_loadable".
        """
        return identify(catalog, Path(self.files[0].name), self.headers, self.repo)


def read_remote_set(
    source: str,
    *,
    quant: str | None = None,
    revision: str | None = None,
    stop: threading.Event | None = None,
    patience: Patience | None = None,
) -> RemoteSet:
    """Read the headers of a model on the hub or on a web server. Blocking: one to a few seconds, less when they are here.

    Args:
        source: "owner/repo" or "owner/repo:QUANT", a link to a page or file of the hub, or the link of any .gguf file (a
            shard stands for its set).
        quant: the quantisation to take from a repository; a usual one when nothing names it.
        revision: branch, tag or commit of a repository; None is the newest.
        stop: set from another thread to give up.
        patience: how long a fetch may take.

    Raises:
        UserError: "bad_link"; "quant_needed"; the server cannot be reached, refuses or has no such file; what is there is
            no GGUF file, or a damaged one; "cache_unwritable"; "stopped".
    """
    found = remote_source.parse(source, quant, revision)
    work = _Work(Halt(stop or threading.Event()), patience or Patience())
    try:
        return work.of_link(found) if isinstance(found, remote_source.LinkSource) else work.of_hub(found)
    except OSError as error:  # the network's own failures are UserErrors by now
        raise not_kept(error) from error


@dataclass(frozen=True, slots=True)
class _Item:
    """A file's header, and what it cost."""

    cached: CachedHeader
    key: str
    fetched_bytes: int = 0


class _Work:
    """One reading of one set."""

    def __init__(self, halt: Halt, patience: Patience) -> None:
        self._halt, self._patience = halt, patience

    def of_hub(self, source: remote_source.HubSource) -> RemoteSet:
        """The hub's listing names the files and their checksums: headers that are here need no further request."""
        set_key = remote_cache.key_of(
            "hub", hub.endpoint(), source.repo, source.name, source.quant or "", source.revision or ""
        )
        stored = remote_cache.load_set(set_key)
        if stored and hub.is_commit(source.revision) and (here := _from_cache(stored)):
            return here  # a commit never changes
        try:
            listing = hub.list_files(source.repo, source.revision)
            files = _chosen(source, listing.files)
            targets = [
                Target(
                    hub.file_url(source.repo, listing.commit, f.name),
                    f.name,
                    source.repo,
                    f.size_bytes,
                    f.sha256,
                    i == 0,
                )
                for i, f in enumerate(files)
            ]
            keys = [remote_cache.key_of(hub.endpoint(), source.repo, f.name, f.sha256 or listing.commit) for f in files]
            items = self._each(self._hub_file, targets, keys)
        except UserError as error:
            return _kept_or_raise(stored, error)
        return _finish(set_key, source.repo, listing.commit, items, files)

    def of_link(self, source: remote_source.LinkSource) -> RemoteSet:
        """One small question per file tells whether it is still the one whose header is here."""
        set_key = remote_cache.key_of("link", *source.urls)
        stored = remote_cache.load_set(set_key)
        targets = [
            Target(url, name, is_first=i == 0)
            for i, (url, name) in enumerate(zip(source.urls, source.names, strict=True))
        ]
        keys = stored.keys if stored else ("",) * len(targets)
        try:
            items = self._each(self._linked_file, targets, keys)
        except UserError as error:
            return _kept_or_raise(stored, error)
        files = tuple(ModelFile(t.name, i.cached.about.total_bytes) for t, i in zip(targets, items, strict=True))
        return _finish(set_key, None, None, items, files)

    def _hub_file(self, target: Target, key: str) -> _Item:
        here = remote_cache.load_header(key, target.name)
        if here is not None and target.size_bytes in (None, here.about.total_bytes):
            return _Item(here, key)
        return self._fetched(target, lambda _: key)

    def _linked_file(self, target: Target, known_key: str) -> _Item:
        here = remote_cache.load_header(known_key, target.name) if known_key else None
        if here is not None:
            probe = RangeFile(target, io.BytesIO(), self._halt, self._patience)
            if probe.is_still(here.about.etag, here.about.total_bytes):
                return _Item(here, known_key)
        return self._fetched(target, lambda file: remote_cache.key_of(target.url, file.etag, str(file.total_bytes)))

    def _fetched(self, target: Target, key_for: Callable[[RangeFile], str]) -> _Item:
        """Fetch a header; once more from its start where the file is replaced meanwhile."""
        spent = 0
        for _ in range(2):
            with remote_cache.spool() as stream:
                file = RangeFile(target, stream, self._halt, self._patience)
                try:
                    file.begin()
                    header = parse_header(file.read, file.total_bytes, target.name)
                    file.ensure(header.data_offset)  # padding, and what was stepped over
                except ChangedError:
                    spent += file.fetched_bytes
                    continue
                key = key_for(file)
                cached = remote_cache.store_header(stream, key, target.name, header, file.etag)
                return _Item(cached, key, spent + file.fetched_bytes)
        raise keeps_changing(target.name)

    def _each(
        self, work: Callable[[Target, str], _Item], targets: Sequence[Target], keys: Sequence[str]
    ) -> list[_Item]:
        """Some files at once; the first failure ends the others."""

        def guarded(target: Target, key: str) -> _Item:
            self._halt.check()
            try:
                return work(target, key)
            except BaseException:
                self._halt.failed.set()
                raise

        try:
            with ThreadPoolExecutor(min(_AT_ONCE, len(targets)), thread_name_prefix="launcher-header") as pool:
                futures = [pool.submit(guarded, t, k) for t, k in zip(targets, keys, strict=True)]
        except BaseException:  # Ctrl+C while it waits
            self._halt.failed.set()
            raise
        failures = [e for f in futures if (e := f.exception()) is not None]
        for error in failures:
            if not (isinstance(error, UserError) and error.code == "stopped"):
                raise error
        return [f.result() for f in futures]


def _chosen(source: remote_source.HubSource, files: Sequence[ModelFile]) -> tuple[ModelFile, ...]:
    """The files of a set: of the one named, of the quantisation, else of the only or the usual one.

    Raises:
        UserError: as `hub_files.select`, "quant_needed" or "no_model_files".
    """
    if source.name or source.quant:
        return hub_files.select(source.repo, files, source.quant or "", (source.name,) if source.name else ())
    groups = [g for g in hub_files.group(files) if not hub_files.is_sidecar(g.files[0].name)]
    if len(groups) == 1:
        return hub_files.select(source.repo, files, "", (groups[0].files[0].name,))
    by_name = {g.quant.upper(): g.quant for g in groups if g.quant and not g.missing}
    usual = next((by_name[q] for q in USUAL_QUANTS if q in by_name), "")
    if usual or len(by_name) == 1:
        return hub_files.select(source.repo, files, usual or next(iter(by_name.values())))
    raise _which_one(source.repo, sorted(by_name.values()), [g.files[0].name for g in groups])


def _which_one(repo: str, quants: Sequence[str], names: Sequence[str]) -> UserError:
    if not names:
        why = say("A model that runs here comes as .gguf files.")
        steps = (NextStep("Choose a repository with GGUF files"),)
        return UserError("no_model_files", say("{repo} holds no GGUF model.", repo=repo), why, steps)
    return UserError(
        "quant_needed",
        say("{repo} holds several models.", repo=repo),
        say("It has {names}.", names=", ".join((quants or names)[:24])),
        (
            NextStep(say("Name one, as {repo}:{quant}", repo=repo, quant=quants[0]))
            if quants
            else NextStep("Copy the link of one file"),
        ),
    )


def _finish(
    set_key: str, repo: str | None, revision: str | None, items: Sequence[_Item], files: Sequence[ModelFile]
) -> RemoteSet:
    files = tuple(replace(f, size_bytes=i.cached.about.total_bytes) for f, i in zip(files, items, strict=True))
    headers = tuple(i.cached for i in items)
    found = _set_of(repo, revision, files, headers, sum(i.fetched_bytes for i in items))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    remote_cache.store_set(set_key, StoredSet(repo, revision, files, tuple(i.key for i in items), today))
    return found


def _kept_or_raise(stored: StoredSet | None, error: UserError) -> RemoteSet:
    """What was read earlier, where the server is away."""
    here = _from_cache(stored) if stored and error.code in AWAY else None
    if stored is None or here is None:
        raise error
    return replace(
        here, note=say("{problem} This is its header as of {date}.", problem=known(error.what), date=stored.date)
    )


def _from_cache(stored: StoredSet) -> RemoteSet | None:
    cached = [remote_cache.load_header(k, f.name) for k, f in zip(stored.keys, stored.files, strict=True)]
    headers = [c for c in cached if c is not None]
    return _set_of(stored.repo, stored.revision, stored.files, headers) if len(headers) == len(cached) else None


def _set_of(
    repo: str | None,
    revision: str | None,
    files: tuple[ModelFile, ...],
    cached: Sequence[CachedHeader],
    fetched_bytes: int = 0,
) -> RemoteSet:
    headers = tuple(c.header for c in cached)
    check_set(headers, [f.name for f in files])
    (group,) = hub_files.group(files)
    return RemoteSet(
        name=PurePosixPath(group.stem).name,
        repo=repo,
        revision=revision,
        quant=group.quant or quant_name(headers[0]),
        files=files,
        headers=headers,
        header_paths=tuple(c.path for c in cached),
        fetched_bytes=fetched_bytes,
    )
