"""The engine's build: what tells two builds apart, and that a build is whole or not there. Real cmake and compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = f"llama-cpp-python==0.3.36 \\\n    --hash=sha256:{'a' * 64}\n"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/engine/recipe.py."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging" / "engine"))
    import recipe

    return recipe


@pytest.fixture
def build(recipe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/engine/build.py."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    import build

    return build


def test_the_same_machine_and_settings_have_the_same_key(recipe: ModuleType) -> None:
    assert recipe.recipe({}).key == recipe.recipe({}).key
    assert recipe.recipe({}).key.startswith("0.3.36-")


def test_flags_and_processor_make_another_key(recipe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {recipe.recipe({}).key, recipe.recipe({recipe.OVERRIDE: "-DGGML_NATIVE=OFF"}).key}
    monkeypatch.setattr(recipe, "processor", lambda: "Linux-x86_64-another")
    keys.add(recipe.recipe({}).key)
    assert len(keys) == 3


def test_the_users_arguments_come_last_and_win(recipe: ModuleType) -> None:
    arguments = recipe.recipe({recipe.OVERRIDE: "-DGGML_NATIVE=OFF '-DCMAKE_C_FLAGS=-O1 -g'"}).cmake_args
    assert arguments[-2:] == ("-DGGML_NATIVE=OFF", "-DCMAKE_C_FLAGS=-O1 -g")


def test_rpc_is_always_built(recipe: ModuleType) -> None:
    assert "-DGGML_RPC=ON" in recipe.recipe({}).cmake_args


def test_the_lock_says_which_source(recipe: ModuleType) -> None:
    assert recipe.locked_source(LOCK) == ("0.3.36", "a" * 64)
    with pytest.raises(ValueError, match="llama-cpp-python"):
        recipe.locked_source("llama-cpp-python==0.3.36\n")


_CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(small C)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_library(llama SHARED llama.c)
set_target_properties(llama PROPERTIES VERSION 1.2.3 SOVERSION 1)
"""
_PACK_CMAKE = f"""{_CMAKE}
add_library(ggml-cpu-haswell MODULE llama.c)
add_library(ggml-rpc MODULE llama.c)
set_target_properties(ggml-cpu-haswell ggml-rpc PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${{CMAKE_BINARY_DIR}}/bin)
add_dependencies(llama ggml-cpu-haswell)
if(GGML_BACKEND_DL)
  add_dependencies(llama ggml-rpc)
endif()
"""


def _project(folder: Path, source: str, cmake: str = _CMAKE) -> Path:
    folder.mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text(cmake, "utf-8")
    (folder / "llama.c").write_text(source, "utf-8")
    return folder


def test_a_library_comes_out_under_one_name(build: ModuleType, tmp_path: Path) -> None:
    source = _project(tmp_path / "source", "int answer(void) { return 42; }")
    libraries = build.compile_libraries(source, tmp_path / "build", ["-DCMAKE_BUILD_TYPE=Release"], tmp_path / "log")
    assert [p.name.partition(".")[0] for p in libraries] == ["libllama"]
    names = [p.name for p in (tmp_path / "build" / "bin").iterdir()]
    assert names == ["libllama.dylib" if sys.platform == "darwin" else "libllama.so"], "a wheel cannot hold links"


def test_a_repository_around_the_source_does_not_answer_for_it(build: ModuleType, tmp_path: Path) -> None:
    """`make package` compiles inside this repository, whose commit is none of llama.cpp's."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    asks = "execute_process(COMMAND git rev-parse --show-toplevel WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}"
    asks += ' OUTPUT_VARIABLE found ERROR_QUIET)\nfile(WRITE ${CMAKE_BINARY_DIR}/found.txt "${found}")\n'
    kept, log = tmp_path / "build" / "objects", tmp_path / "build" / "engines" / "cpu.log"
    source = _project(kept / "llama_cpp" / "vendor" / "llama.cpp", "int answer(void) { return 42; }", _CMAKE + asks)
    log.parent.mkdir()
    build.compile_libraries(source, kept / "native", [], log)
    assert (kept / "native" / "found.txt").read_text("utf-8") == ""


@pytest.fixture
def small_source(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A source of three tiny libraries instead of the real one, which cannot be tried; where it was unpacked each time."""
    fetched: list[Path] = []

    def fetch(work: Path, log: Path) -> Path:
        source = work / "llama_cpp_python-0.3.36"
        _project(source / "vendor" / "llama.cpp", "int answer(void) { return 42; }", _PACK_CMAKE)
        fetched.append(source)
        return source

    import pack

    monkeypatch.setattr(build, "fetch_source", fetch)
    monkeypatch.setattr(pack, "trial", lambda _folder, _source: "0.5.0")
    return fetched


def test_a_pack_appears_whole_and_the_program_takes_it(
    build: ModuleType, recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_source: list[Path]
) -> None:
    from launcher.engine.packs import read_pack, verify_content

    monkeypatch.setenv(recipe.OVERRIDE, "-DCMAKE_BUILD_TYPE=Debug")
    folder = tmp_path / "packs" / "mine"
    assert build.main(["--pack", "cpu", str(folder)]) == 0
    names = ["libggml-cpu-haswell.so", "libggml-rpc.so", "libllama.so", "pack.json"]
    assert sorted(p.name for p in folder.iterdir()) == names
    assert sorted(p.name for p in folder.parent.iterdir()) == ["mine", "mine.log"]
    assert "-DCMAKE_BUILD_TYPE=Debug" in (folder.parent / "mine.log").read_text("utf-8")
    made = read_pack(folder)
    assert (made.name, made.backends, made.problem) == ("cpu", ("cpu", "rpc"), "")
    assert made.manifest is not None
    assert "-DGGML_NATIVE=OFF" in made.manifest.build_flags
    assert verify_content(made) == ""
    assert build.main(["--pack", "cpu", str(folder)]) == 1, "a pack is never overwritten"


def test_the_next_pack_from_a_kept_folder_compiles_what_differs(
    build: ModuleType, tmp_path: Path, small_source: list[Path]
) -> None:
    for name in ("cpu", "native"):
        assert build.main(["--pack", name, str(tmp_path / name), "--keep", str(tmp_path / "kept")]) == 0
    assert len(small_source) == 1
    libraries = sorted(p.name for p in (tmp_path / "native").glob("*.so"))
    assert libraries == ["libggml-cpu-haswell.so", "libllama.so"], "what is off now was in the pack before"


def test_a_pack_without_its_backend_is_not_kept(
    build: ModuleType, tmp_path: Path, small_source: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--pack", "vulkan", str(tmp_path / "packs" / "mine")]) == 1
    assert "no library for vulkan" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "packs").iterdir()] == ["mine.log"]


def test_every_pack_is_for_any_computer(recipe: ModuleType) -> None:
    from pack_recipes import PACKS

    for name, made in PACKS.items():
        arguments = recipe.recipe({}, made.cmake_args).cmake_args
        # The last of two settings of one option counts for cmake.
        native = [a for a in arguments if a.startswith("-DGGML_NATIVE=")][-1]
        assert native == ("-DGGML_NATIVE=ON" if name == "native" else "-DGGML_NATIVE=OFF")


def test_an_unknown_pack_is_wrong_usage(build: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build.main(["--pack", "opengl", str(tmp_path / "pack")])
    assert stopped.value.code == 2
    assert "vulkan" in capsys.readouterr().err


def test_a_compiler_error_is_shown_with_its_last_lines_and_the_log(build: ModuleType, tmp_path: Path) -> None:
    source = _project(tmp_path / "source", "int answer(void) { return forty_two; }")
    with pytest.raises(build.EngineBuildError) as raised:
        build.compile_libraries(source, tmp_path / "build", [], tmp_path / "log")
    assert "forty_two" in str(raised.value)
    assert str(tmp_path / "log") in str(raised.value)
    assert "forty_two" in (tmp_path / "log").read_text("utf-8")


def test_progress_says_how_much_and_how_long(build: ModuleType) -> None:
    assert build.progress(20, 80, 40.0) == "compiling 20 of 80, about 120 s left"


def test_steps_are_counted_into_progress_lines(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_PROGRESS_EVERY_S", 0.0)
    lines: list[str] = []
    build.run(
        [sys.executable, "-c", "print('[1/4] a'); print('noise'); print('[2/4] b')"],
        tmp_path / "log",
        report=lines.append,
    )
    assert [line.partition(",")[0] for line in lines] == ["compiling 1 of 4", "compiling 2 of 4"]


def test_a_finished_build_is_used_again_and_a_killed_ones_remains_go(
    build: ModuleType, recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = recipe.recipe({})
    remains = tmp_path / "building-killed"
    remains.mkdir(parents=True)
    (remains / "half.so").touch()
    builds: list[Path] = []

    def work_aside(wanted: object, work: Path, log: Path) -> Path:
        builds.append(work)
        wheel = work / "engine-1-py3-none-any.whl"
        wheel.write_bytes(b"whole")
        return wheel

    monkeypatch.setattr(build, "_build", work_aside)
    first, second = build.ensure_wheel(wanted, tmp_path), build.ensure_wheel(wanted, tmp_path)
    assert first == second
    assert first.read_bytes() == b"whole"
    assert len(builds) == 1
    assert not remains.exists()
    assert not builds[0].exists()


def test_a_build_that_fails_leaves_nothing_that_looks_finished(
    build: ModuleType, recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(wanted: object, work: Path, log: Path) -> Path:
        (work / "engine-1-py3-none-any.whl").write_bytes(b"half")
        raise build.EngineBuildError("no space")

    monkeypatch.setattr(build, "_build", fails)
    with pytest.raises(build.EngineBuildError):
        build.ensure_wheel(recipe.recipe({}), tmp_path)
    assert list(tmp_path.rglob("*.whl")) == []


_TWO_AT_ONCE = """
import sys, time
sys.path[:0] = [{engine!r}]
import build
def slow(wanted, work, log):
    time.sleep(0.5)
    wheel = work / "engine-1-py3-none-any.whl"
    wheel.write_text("built")
    print("built", flush=True)
    return wheel
build._build = slow
from pathlib import Path
print(build.ensure_wheel(build.recipe(), Path({home!r})).name, flush=True)
"""


def test_two_builds_at_once_make_one(tmp_path: Path) -> None:
    code = _TWO_AT_ONCE.format(engine=str(ROOT / "packaging" / "engine"), home=str(tmp_path))
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    output = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(output).count("built\n") == 1
    assert all("engine-1-py3-none-any.whl" in text for text in output)


@pytest.mark.skipif(sys.platform != "linux", reason="compiles with gcc")
def test_a_packs_libraries_do_not_know_where_they_were_built(build: ModuleType, tmp_path: Path) -> None:
    objects: list[bytes] = []
    for name in ("one", "another"):
        work = tmp_path / name
        work.mkdir()
        (work / "told.c").write_text("const char *where(void) { return __FILE__; }\n")
        (argument,) = [a for a in build.without_paths(work) if a.startswith("-DCMAKE_C_FLAGS=")]
        flag = argument.partition("=")[2]
        subprocess.run(["gcc", "-g", flag, "-c", str(work / "told.c"), "-o", str(work / "told.o")], check=True)
        objects.append((work / "told.o").read_bytes())
    assert objects[0] == objects[1]
    assert str(tmp_path).encode() not in objects[0]
