"""Engine packs with real libraries: a good one runs models, a bad one of any kind is skipped and the next one answers."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.core.engine_packs import AUTO, BUILT_IN, PackUse
from launcher.engine import pack_check, pack_choice
from launcher.engine.devices import engine_info
from launcher.engine.packs import PLACES_VARIABLE, built_in, library_names
from launcher.engine.protocol import Hello
from launcher.engine.surroundings import this_system
from tests.engine.conftest import Engine

_BAD_LIBRARY = """
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void at_load(void) {{ {body} }}
"""


@pytest.fixture
def make_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Makes a pack "mine" of the installed libraries; `spoil` changes it before its manifest is written, `damage` after."""
    monkeypatch.setenv(PLACES_VARIABLE, str(tmp_path / "engines"))
    monkeypatch.setattr(pack_choice, "_choice", None)
    monkeypatch.setattr(pack_choice, "_wanted", lambda: "mine")

    def make(
        spoil: Callable[[Path], None] = lambda _: None,
        damage: Callable[[Path], None] = lambda _: None,
        version: str = "0.3.36",
    ) -> Path:
        own = built_in()
        assert own is not None
        folder = tmp_path / "engines" / "mine"
        shutil.copytree(own.folder, folder, ignore=lambda _, names: [n for n in names if n not in _LIBRARIES])
        spoil(folder)
        files = [
            {
                "name": name,
                "bytes": (folder / name).stat().st_size,
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
            for name in library_names(folder)
        ]
        system, machine = this_system()
        manifest = {"format": 1, "name": "mine", "backends": ["cpu", "rpc"], "binding_version": version, "files": files}
        (folder / "pack.json").write_text(json.dumps(manifest | {"system": system, "machine": machine}))
        damage(folder)
        return folder

    yield make
    pack_choice.forget()
    monkeypatch.undo()
    engine_info(fresh=True)  # later tests ask what was known


_LIBRARIES = frozenset(f"lib{n}.so" for n in ("llama", "ggml", "ggml-base", "ggml-cpu", "ggml-rpc"))


def test_all_workers_get_the_chosen_pack(
    make_pack: Callable[..., Path], engine: Engine, models: Callable[..., Path]
) -> None:
    folder = make_pack()
    state = pack_choice.current().in_use
    assert state is not None
    assert (state.name, state.reason, Path(state.folder)) == ("mine", "Chosen in the settings.", folder)
    assert engine_info(fresh=True).library_path == str(folder)
    engine.load(models())
    assert engine.ask("Hello").timings.decode_tokens > 0
    assert engine.seen.of(Hello)[0].library_path == str(folder)


def test_built_in_comes_first_among_equals_and_a_pack_is_ready(
    make_pack: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pack()
    monkeypatch.setattr(pack_choice, "_wanted", lambda: AUTO)
    assert [(p.name, p.use) for p in pack_choice.current(fresh=True).packs] == [
        (BUILT_IN, PackUse.IN_USE),
        ("mine", PackUse.READY),
    ]


def _no_library(folder: Path) -> None:
    (folder / "libllama.so").write_bytes(b"\x7fELF, but only in the beginning")


def _missing(folder: Path) -> None:
    (folder / "libllama.so").unlink()


def _compiled(body: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / "bad.c").write_text(_BAD_LIBRARY.format(body=body))
        compiler = [shutil.which("cc") or "cc", "-shared", "-fPIC", "-o", str(folder / "libllama.so")]
        subprocess.run([*compiler, str(folder / "bad.c")], check=True)

    return spoil


def _flipped(folder: Path) -> None:
    content = bytearray((folder / "libggml-cpu.so").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "libggml-cpu.so").write_bytes(content)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"spoil": _no_library}, "libraries cannot be loaded"),
        ({"spoil": _missing}, "libraries cannot be loaded"),
        ({"spoil": _compiled("abort();")}, "died at the start. It gave up on an inner check"),
        ({"spoil": _compiled("raise(SIGSEGV);")}, "died at the start. It read memory that is not its own"),
        ({"spoil": _compiled("for (;;) pause();")}, "did not answer within 6 s"),
        ({"spoil": _compiled("")}, "libraries cannot be loaded"),
        ({"damage": _flipped}, "libggml-cpu.so is damaged"),
        ({"version": "0.3.30"}, "belongs to llama-cpp-python 0.3.30"),
    ],
    ids=["no library", "missing", "aborts", "segfaults", "hangs", "no functions", "damaged", "other version"],
)
@pytest.mark.filterwarnings("default")
def test_a_bad_pack_is_skipped_and_the_next_one_answers(
    make_pack: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, object],
    said: str,
) -> None:
    make_pack(**options)
    monkeypatch.setattr(pack_check, "DEADLINE_S", 6.0)
    monkeypatch.setattr(pack_check._log, "warning", pack_check._log.debug)
    choice = pack_choice.current()
    bad = next(p for p in choice.packs if p.name == "mine")
    assert bad.use is PackUse.SKIPPED
    assert said in bad.reason
    assert choice.in_use is not None
    assert choice.in_use.name == BUILT_IN
    assert engine_info(fresh=True).library_path == choice.in_use.folder
