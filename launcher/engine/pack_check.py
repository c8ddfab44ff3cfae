"""Tries an engine pack in a worker that only says hello, and remembers what came of it.

A trial holds for one pack (its manifest, every library's size and time) with one set of drivers: another driver, another pack or
another version of the program tries again. A trial that ran out of time or was killed gets a second chance at the next start,
because a computer may be busy once; everything else stays as it was found. `launcher doctor` tries all again.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

from launcher import __version__
from launcher.core.errors import UserError
from launcher.core.words import joined, known, say
from launcher.engine.errand import Ending, run_errand
from launcher.engine.findings import keep_finding, read_finding
from launcher.engine.outcome import crash_failure, signal_name
from launcher.engine.pack_choice import Trial
from launcher.engine.packs import Pack, fingerprint, verify_content
from launcher.engine.protocol import PROTOCOL_VERSION, Hello
from launcher.engine.surroundings import Surroundings

DEADLINE_S = 40.0
"""For a worker's first word: a pack of a gigabyte on a slow disk is read in that time, a hang is not waited for longer."""

_FILE = "engine-packs.json"
_MOST_REMEMBERED = 64
_MOST_DOUBTS = 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Finding:
    """A trial as it is remembered; `doubts` counts those whose end may have had another reason than the pack."""

    problem: str = ""
    devices: dict[str, int] = field(default_factory=dict[str, int])
    doubts: int = 0


class Trials:
    """Tries packs on one computer."""

    def __init__(self, around: Surroundings, *, fresh: bool = False) -> None:
        """`fresh`: believe nothing that is remembered."""
        self._around = around
        self._fresh = fresh

    def attempt(self, pack: Pack) -> Trial:
        """What the pack does here; from memory where that still holds. Blocks for `DEADLINE_S` at most, and reads the pack once."""
        key = self._key(pack)
        remembered = _read()
        finding = remembered.pop(key, None)
        if finding is None or self._fresh or 0 < finding.doubts < _MOST_DOUBTS:
            finding = _try(pack, finding.doubts if finding else 0)
            _write({**remembered, key: finding})
        return Trial(finding.problem, tuple(finding.devices.items()))

    def _key(self, pack: Pack) -> str:
        import hashlib  # OpenSSL, 4 MB: only where there is a pack to try

        text = "\0".join((__version__, str(PROTOCOL_VERSION), fingerprint(pack), self._around.drivers))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _try(pack: Pack, doubts: int) -> _Finding:
    problem = verify_content(pack)
    if problem:
        return _Finding(problem)
    heard: list[Hello] = []

    def hear(hello: Hello) -> None:
        heard.append(hello)

    try:
        ending = run_errand(hear, lambda _: False, deadline_s=DEADLINE_S, libraries=pack.folder)
    except UserError as error:
        _log.warning("engine pack %s in %s is skipped: %s %s", pack.name, pack.folder, error.what, error.why)
        return _Finding(
            joined(known(error.what), known(error.why)), doubts=doubts + 1 if error.code == "engine_not_started" else 0
        )
    if ending is not None:
        _log.warning("engine pack %s in %s is skipped:\n%s", pack.name, pack.folder, "\n".join(ending.log))
        return _ended(ending, doubts)
    hello = heard[0]
    if hello.protocol != PROTOCOL_VERSION:
        return _Finding(say("Its worker speaks another version of the protocol."))
    return _Finding(devices=dict(Counter(d.backend for d in hello.devices)))


def _ended(ending: Ending, doubts: int) -> _Finding:
    if ending.because:
        return _Finding(ending.because, doubts=doubts + 1)
    why = crash_failure(ending.returncode, "starting", None, ending.log).why
    is_doubtful = signal_name(ending.returncode) in ("SIGKILL", "SIGTERM")  # ended from outside
    return _Finding(joined(say("Its worker died at the start."), why), doubts=doubts + 1 if is_doubtful else 0)


def _read() -> dict[str, _Finding]:
    return read_finding(_FILE, dict[str, _Finding]) or {}


def _write(findings: dict[str, _Finding]) -> None:
    keep_finding(_FILE, dict(list(findings.items())[-_MOST_REMEMBERED:]))
