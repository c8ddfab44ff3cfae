"""What the library page shows, as values: models with plan, last use, checksum and newer version. Without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.core.downloads import Installed
from launcher.core.plans import Plan
from launcher.services.local_files import file_model
from launcher.store.loads import LastLoad

if TYPE_CHECKING:
    from launcher.downloads.disk.checks import Known
    from launcher.downloads.library.scan import Broken
    from launcher.downloads.library.updates import Update
    from launcher.services.plan_service import Planned


class WorkKind(Enum):
    """What takes long."""

    VERIFY = "verify"
    MOVE = "move"
    LOOK_FOR_UPDATES = "look_for_updates"


@dataclass(frozen=True, slots=True)
class Work:
    """Something that runs or waits; `total_bytes` is 0 while it waits or where it has no measure."""

    kind: WorkKind
    path: str
    done_bytes: int = 0
    total_bytes: int = 0


class CheckState(Enum):
    """What comparing with the publisher's checksum has shown."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NO_CHECKSUM = "no_checksum"


@dataclass(frozen=True, slots=True)
class Check:
    """The last comparison of a model whose files have not changed since.

    Attributes:
        checked_unix_s: when; None where only that it is right is known.
        bad_files: paths that differ.
    """

    state: CheckState
    checked_unix_s: float | None
    bad_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A model and what is known of it here.

    Attributes:
        plan: on this PC with the usual wishes, estimated; None where it cannot be planned or is not yet.
        is_planned: plans have been made, so that None means "cannot be planned".
        check: the last comparison with a checksum; None where it was never compared or the file has changed.
        update: a newer revision, where one was looked for and found.
    """

    model: Installed
    plan: Plan | None = None
    is_planned: bool = False
    check: Check | None = None
    update: Update | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """Everything on the disk at one time."""

    entries: tuple[LibraryEntry, ...]
    broken: tuple[Broken, ...]


class Plans:
    """Finds the plan of an installed model."""

    def __init__(self, planned: Planned | None) -> None:
        self.are_made = planned is not None
        self._by_key: dict[tuple[str, str, str], Plan] = {}
        for plan in planned.plans if planned else ():
            self._by_key.setdefault((plan.model, plan.quant.lower(), plan.repo), plan)
            self._by_key.setdefault((plan.model, plan.quant.lower(), ""), plan)
        self._by_model = {plan.model: plan for plan in planned.plans} if planned else {}

    def of(self, model: Installed) -> Plan | None:
        """By its own header where it was planned so, else the catalog's plan of the same file."""
        own = self._by_model.get(file_model(model.path))
        return own or self._by_key.get((model.model, model.quant.lower(), model.repo or ""))


class Uses:
    """When a model was last loaded: by its path; by its name where the path was not noted or is gone (moved)."""

    def __init__(self, loads: tuple[LastLoad, ...], here: set[str]) -> None:
        self._by_path = {load.path: load.loaded_at for load in loads if load.path}
        self._by_name: dict[tuple[str, str], float] = {}
        for load in loads:
            if load.path not in here:
                key = (load.model, load.quant)
                self._by_name[key] = max(load.loaded_at, self._by_name.get(key, 0.0))

    def of(self, model: Installed) -> float | None:
        """Seconds since the epoch; None when never."""
        times = (model.last_used_unix_s, self._by_path.get(model.path), self._by_name.get((model.name, model.quant)))
        return max((time for time in times if time is not None), default=None)


def check_of(model: Installed, known: Known) -> Check | None:
    """What is known of a model's bytes; blocks for a stat per file."""
    files = [Path(f) for f in model.files or (model.path,)]
    found = [known.of(f) for f in files]
    bad = tuple(c.path for c in found if c is not None and c.is_right is False)
    when = known.checked_unix_s(files)
    if bad:
        return Check(CheckState.DIFFERS, when, bad)
    if model.verified:
        return Check(CheckState.MATCHES, when or model.installed_unix_s)
    return None if when is None else Check(CheckState.NO_CHECKSUM, when)
