"""Which engine pack workers get on this computer, and why not another.

The best pack whose needs are met is tried in a short-lived worker before it is used; one that crashes, hangs, is damaged, blocked
or of another version is skipped and the next one is tried. What a trial showed is remembered as long as neither the pack nor a
driver changes (pack_check.py), so that it costs time once.

`libraries` is what every worker process asks; it blocks for the length of a trial and is never called in the GUI thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.core.engine_packs import AUTO, BUILT_IN, GIVEN, PackChoice, PackState, PackUse
from launcher.core.words import say
from launcher.engine.packs import Pack, backends_of, find_packs, library_names, size_bytes
from launcher.engine.surroundings import Surroundings

# The faster first, where several would work.
_RANK = ("cuda", "metal", "rocm", "vulkan")
_TITLES = {"cuda": "CUDA", "metal": "Metal", "rocm": "ROCm", "vulkan": "Vulkan"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What starting a worker with a pack showed.

    Attributes:
        problem: why it cannot be used, in a sentence; "" when it works.
        devices: how many devices each backend listed.
    """

    problem: str = ""
    devices: tuple[tuple[str, int], ...] = ()


def choose(
    packs: Sequence[Pack],
    around: Surroundings,
    wanted: str,
    attempt: Callable[[Pack], Trial],
    *,
    tries_all: bool = False,
) -> PackChoice:
    """Choose among packs.

    Args:
        packs: valid and invalid ones.
        around: the computer.
        wanted: `AUTO` or a pack's name, which is then tried before all others.
        attempt: starts a worker with a pack.
        tries_all: also those that come after the chosen one.
    """
    states: list[PackState] = []
    possible: list[Pack] = []
    for pack in packs:
        reason = why_not(pack, around)
        if reason:
            states.append(_state(pack, PackUse.SKIPPED, reason))
        else:
            possible.append(pack)
    possible.sort(key=lambda pack: (pack.name != wanted, _rank(pack, around)))
    tried: list[PackState] = []
    in_use: Pack | None = None
    for i, pack in enumerate(possible):
        # Nothing could take the place of the last one if it failed: its worker says why, when there is one.
        is_last_resort = in_use is None and pack.is_built_in and i == len(possible) - 1
        is_tried = tries_all or in_use is None
        trial = attempt(pack) if is_tried and not is_last_resort else Trial()
        problem = trial.problem or _without_device(pack, around, trial)
        if problem:
            tried.append(_state(pack, PackUse.SKIPPED, problem))
        elif in_use is None:
            in_use = pack
            tried.append(_state(pack, PackUse.IN_USE, _why(pack, around, wanted)))
        else:
            name = in_use.name
            works, untried = say("It works; {name} comes first.", name=name), say("{name} comes first.", name=name)
            tried.append(_state(pack, PackUse.READY, works if tries_all else untried))
    return PackChoice(wanted, (*tried, *states))


def why_not(pack: Pack, around: Surroundings) -> str:
    """What speaks against a pack without trying it; "" when nothing does."""
    if pack.problem:
        return pack.problem
    manifest = pack.manifest
    if manifest is None:
        return ""
    if manifest.binding_version != around.binding_version:
        return say(
            "It belongs to llama-cpp-python {theirs}; this program has {ours}.",
            theirs=manifest.binding_version[:40],
            ours=around.binding_version,
        )
    if (manifest.system, manifest.machine) != (around.system, around.machine):
        theirs, ours = f"{manifest.system[:20]} {manifest.machine[:20]}", f"{around.system} {around.machine}"
        return say("It was built for {theirs}; this computer is {ours}.", theirs=theirs, ours=ours)
    backends = [b for b in pack.backends if b in _RANK]
    if backends and not _usable(pack, around):
        return _missing(backends[0], pack, around)
    return ""


def _usable(pack: Pack, around: Surroundings) -> list[str]:
    """The graphics backends of a pack that this computer has a driver for, best first."""
    return [b for b in _RANK if b in pack.backends and not _missing(b, pack, around)]


def _missing(backend: str, pack: Pack, around: Surroundings) -> str:
    """What a graphics backend lacks here; "" when nothing."""
    need = pack.needs
    if backend == "cuda":
        if around.nvidia_driver is None:
            return say("There is no working NVIDIA driver here.")
        return _too_old(say("NVIDIA driver"), around.nvidia_driver, need.get("nvidia_driver", ""))
    if backend == "rocm":
        if not around.has_amd_gpu:
            return say("There is no AMD graphics card here.")
        if around.rocm is None:
            return say("AMD's ROCm runtime is not installed.")
        return _too_old("ROCm", around.rocm, need.get("rocm", "")) if around.rocm else ""
    if backend == "metal":
        if around.system != "macos":
            return say("Metal is only on macOS.")
        return _too_old("macOS", around.system_version, need.get("macos", ""))
    return "" if around.has_vulkan else say("There is no Vulkan loader here.")


def _too_old(what: str, found: str, needed: str) -> str:
    if not needed or _numbers(found) >= _numbers(needed):
        return ""
    return say("{what} {found} is older than {needed}.", what=what, found=found, needed=needed[:20])


def _numbers(version: str) -> tuple[int, ...]:
    parts = [part for part in version.split(".") if part.isdigit()]
    return tuple(int(part[:9]) for part in parts)


def _rank(pack: Pack, around: Surroundings) -> tuple[int, bool]:
    """Small is good. Among equals the built-in one: it was compiled for this very processor."""
    usable = _usable(pack, around)
    return _RANK.index(usable[0]) if usable else len(_RANK), not pack.is_built_in


def _without_device(pack: Pack, around: Surroundings, trial: Trial) -> str:
    """A pack for graphics cards that sees none has nothing to offer beyond a smaller one."""
    usable = _usable(pack, around)
    seen = dict(trial.devices)
    if not trial.devices or not usable or any(seen.get(b) for b in usable):
        return ""
    return say("It finds no graphics card for {backend} here.", backend=_TITLES[usable[0]])


def _why(pack: Pack, around: Surroundings, wanted: str) -> str:
    if pack.name == wanted:
        return say("Chosen in the settings.")
    usable = _usable(pack, around)
    backend = usable[0] if usable else ""
    if backend == "cuda":
        return say("The best for NVIDIA driver {version}.", version=around.nvidia_driver)
    if backend:
        return say("{backend} is the best that works here.", backend=_TITLES[backend])
    if pack.is_built_in:
        return say("It was built for this processor.")
    return say("It has code for every processor; no graphics card can be used.")


def _state(pack: Pack, use: PackUse, reason: str) -> PackState:
    return PackState(
        pack.name, pack.backends, use, reason, str(pack.folder), pack.version, 0 if pack.problem else size_bytes(pack)
    )


# --- the choice of this process ---------------------------------------------------------------------------------------


def _auto() -> str:
    return AUTO


# Held while packs are tried. `prefer` and `forget` are called in the GUI thread and only leave a note.
_trying = threading.Lock()
_wanted: Callable[[], str] = _auto
_choice: PackChoice | None = None
_is_old = False


def prefer(wanted: Callable[[], str]) -> None:
    """Take the setting from there from now on; it is asked when a worker is about to start, not now."""
    global _wanted  # one setting per process
    _wanted = wanted


def forget() -> None:
    """Look anew at the next start: a pack came, or a driver changed."""
    global _is_old
    _is_old = True


def current(*, fresh: bool = False) -> PackChoice:
    """The choice in force; made when first asked. Blocks while packs are tried: not for the GUI thread.

    Args:
        fresh: look again and try every pack, whatever is remembered.
    """
    global _choice, _is_old
    given = os.environ.get(GIVEN)
    if given:
        return _as_given(Path(given))
    with _trying:
        wanted = _wanted()
        if _choice is None or fresh or _is_old or _choice.wanted != wanted:
            _is_old = False
            _choice = _look(wanted, fresh=fresh)
        return _choice


def libraries() -> Path | None:
    """The folder that a worker takes its libraries from; None leaves it to the environment and the binding. May block."""
    if os.environ.get(GIVEN):
        return None
    state = current().in_use
    return Path(state.folder) if state and state.name != BUILT_IN else None


def _look(wanted: str, *, fresh: bool) -> PackChoice:
    packs = find_packs()
    if len(packs) == 1 and packs[0].is_built_in:
        return choose(packs, Surroundings("", "", ""), wanted, lambda _: Trial())
    # A trial starts a worker, which is told its libraries and does not ask here.
    from launcher.engine.pack_check import Trials
    from launcher.engine.packs import binding_version
    from launcher.engine.surroundings import read_surroundings

    around = read_surroundings(binding_version())
    trials = Trials(around, fresh=fresh)
    return choose(packs, around, wanted, trials.attempt, tries_all=fresh)


def _as_given(folder: Path) -> PackChoice:
    backends = backends_of(library_names(folder))
    reason = say("The variable {name} names it.", name=GIVEN)
    return PackChoice(AUTO, (PackState(GIVEN, backends, PackUse.IN_USE, reason, str(folder)),))
