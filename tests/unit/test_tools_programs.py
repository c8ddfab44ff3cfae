"""Each program's own layout in a home of its own: what it keeps is found, under its name, and nothing leaves its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.core.downloads import Origin
from launcher.downloads.library.tools import gpt4all, hub_cache, jan, llama_cpp, lm_studio, ollama
from launcher.downloads.library.tools.candidate import Candidate
from launcher.downloads.library.tools.environment import Environment


def touch(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def here(home: Path, platform: str = "linux", **variables: str) -> Environment:
    return Environment(home, variables, platform, root=home / "root")


def names(found: list[Candidate]) -> list[str]:
    return sorted(c.files[0].name for c in found)


# --- Hugging Face ------------------------------------------------------------------------------------------------------


def test_every_cache_of_the_hub_is_searched(tmp_path: Path) -> None:
    commit = "a" * 40
    places = {
        "HF_HUB_CACHE": tmp_path / "1",
        "HUGGINGFACE_HUB_CACHE": tmp_path / "2",
        "HF_HOME": tmp_path / "3",
        "XDG_CACHE_HOME": tmp_path / "4",
    }
    below = ("", "", "hub", "huggingface/hub")
    for i, (place, inside) in enumerate(zip(places.values(), below, strict=True)):
        touch(place / inside / "models--o--n" / "snapshots" / commit / f"m{i}.gguf")
    touch(tmp_path / ".cache/huggingface/hub/models--gpt2/snapshots" / commit / "m4.gguf")
    found = list(hub_cache.find(here(tmp_path, **{k: str(v) for k, v in places.items()})))
    assert names(found) == [f"m{i}.gguf" for i in range(5)]
    assert {c.repo for c in found} == {"o/n", "gpt2"}
    assert {(c.origin, c.revision) for c in found} == {(Origin.HF_CACHE, commit)}


def test_the_snapshot_that_is_main_comes_first(tmp_path: Path) -> None:
    repository = tmp_path / "models--o--n"
    for commit in ("a" * 40, "b" * 40):
        touch(repository / "snapshots" / commit / "m.gguf")
    touch(repository / "refs" / "main", "b" * 40 + "\n")
    assert [c.revision for c in hub_cache.models_in(tmp_path, Origin.HF_CACHE)] == ["b" * 40, "a" * 40]


# --- llama.cpp ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "folder"), [("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "AppData/Local")]
)
def test_llama_cpp_keeps_flat_files_with_their_address_beside(tmp_path: Path, platform: str, folder: str) -> None:
    cache = tmp_path / folder / "llama.cpp"
    model = touch(cache / "ggml-org_models_m-Q8_0.gguf")
    address = "https://huggingface.co/ggml-org/models/resolve/main/m-Q8_0.gguf"
    touch(cache / f"{model.name}.json", json.dumps({"url": address, "etag": "x"}))
    touch(cache / "b.gguf.downloadInProgress")
    touch(cache / "c.gguf")
    touch(cache / "c.gguf.json", '{"url": 7}')
    first, second = llama_cpp.find(here(tmp_path, platform))
    assert (first.files[0].name, first.repo) == ("c.gguf", None)
    assert (second.files, second.repo, second.origin) == ((model,), "ggml-org/models", Origin.LLAMA_CPP)


def test_newer_llama_cpp_keeps_its_chosen_folder_like_the_hub(tmp_path: Path) -> None:
    touch(tmp_path / "chosen/models--o--n/snapshots" / ("a" * 40) / "m.gguf")
    touch(tmp_path / "chosen/old_flat.gguf")
    found = list(llama_cpp.find(here(tmp_path, LLAMA_CACHE=str(tmp_path / "chosen"))))
    assert names(found) == ["m.gguf", "old_flat.gguf"]


# --- LM Studio ---------------------------------------------------------------------------------------------------------


def test_lm_studio_keeps_publishers_and_repositories(tmp_path: Path) -> None:
    touch(tmp_path / ".lmstudio/models/pub/repo-GGUF/m-Q4_K_M.gguf")
    touch(tmp_path / ".lmstudio/models/pub/repo-GGUF/mmproj-m.gguf")
    touch(tmp_path / ".lmstudio/models/pub/repo-GGUF/downloading_n.gguf.part")
    touch(tmp_path / ".cache/lm-studio/models/loose.gguf")
    old, new = sorted(lm_studio.find(here(tmp_path)), key=lambda c: c.files[0].name)
    assert (old.files[0].name, old.repo, old.origin) == ("loose.gguf", None, Origin.LM_STUDIO)
    assert (new.repo, new.quant) == ("pub/repo-GGUF", "Q4_K_M")


def test_lm_studio_follows_its_pointer_and_the_folder_that_the_user_chose(tmp_path: Path) -> None:
    touch(tmp_path / ".lmstudio-home-pointer", f"{tmp_path / 'moved'}\n")
    touch(tmp_path / "moved/models/a/b/1.gguf")
    touch(tmp_path / "moved/settings.json", json.dumps({"downloadsFolder": str(tmp_path / "disk")}))
    touch(tmp_path / "disk/a/b/2.gguf")
    touch(tmp_path / ".config/LM Studio/settings.json", json.dumps({"downloadsFolder": str(tmp_path / "older")}))
    touch(tmp_path / "older/a/b/3.gguf")
    assert names(list(lm_studio.find(here(tmp_path)))) == ["1.gguf", "2.gguf", "3.gguf"]


@pytest.mark.parametrize("value", ['"models"', "7", "null", '["/x"]', '"../.."', '"/a\\u0000b"'])
def test_lm_studios_odd_settings_are_ignored(tmp_path: Path, value: str) -> None:
    touch(tmp_path / ".lmstudio/settings.json", f'{{"downloadsFolder": {value}}}')
    touch(tmp_path / ".lmstudio-home-pointer", "relative")
    touch(tmp_path / ".lmstudio/models/a/b/m.gguf")
    assert names(list(lm_studio.find(here(tmp_path)))) == ["m.gguf"]


# --- Ollama ------------------------------------------------------------------------------------------------------------

MODEL, ADAPTER = "application/vnd.ollama.image.model", "application/vnd.ollama.image.adapter"


def pull(store: Path, name: str, digest: str, media_type: str = MODEL) -> None:
    """As `ollama pull` leaves it."""
    layers = [
        {"mediaType": media_type, "digest": f"sha256:{digest}", "size": 1},
        {"mediaType": "application/vnd.ollama.image.projector", "digest": f"sha256:{'9' * 64}", "size": 1},
        {"mediaType": "application/vnd.ollama.image.license", "digest": f"sha256:{'8' * 64}", "size": 1},
    ]
    document = {"schemaVersion": 2, "config": {"digest": f"sha256:{'7' * 64}"}, "layers": layers}
    touch(store / "manifests" / name, json.dumps(document))
    for one in (digest, "9" * 64, "8" * 64):
        touch(store / "blobs" / f"sha256-{one}")


def test_ollama_names_blobs_by_manifests(tmp_path: Path) -> None:
    store = tmp_path / ".ollama/models"
    pull(store, "registry.ollama.ai/library/deepseek-r1/8b", "a" * 64)
    pull(store, "registry.ollama.ai/library/deepseek-r1/latest", "a" * 64)
    pull(store, "registry.ollama.ai/library/deepseek-r1/8b-0528-qwen3-q4_K_M", "a" * 64)
    pull(store, "registry.ollama.ai/me/mine/latest", "b" * 64)
    pull(store, "hf.co/o/n-GGUF/Q4_K_M", "c" * 64)
    pull(store, "registry.ollama.ai/me/lora/latest", "d" * 64, ADAPTER)
    touch(store / "blobs" / f"sha256-{'e' * 64}-partial")
    found = {c.name: c.files for c in ollama.find(here(tmp_path))}
    assert found == {
        "deepseek-r1:8b": (store / "blobs" / f"sha256-{'a' * 64}",),
        "me/mine:latest": (store / "blobs" / f"sha256-{'b' * 64}",),
        "hf.co/o/n-GGUF:Q4_K_M": (store / "blobs" / f"sha256-{'c' * 64}",),
    }


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "{",
        '{"layers": 7}',
        '{"layers": [7, null, []]}',
        '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": 7}]}',
        '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../../secret"}]}',
        f'{{"layers": [{{"mediaType": ["x"], "digest": "sha256:{"a" * 64}"}}]}}',
        f'{{"layers": [{{"mediaType": "{MODEL}", "digest": "sha256:{"f" * 64}"}}]}}',
    ],
)
def test_ollamas_odd_manifests_are_ignored(tmp_path: Path, document: str) -> None:
    store = tmp_path / ".ollama/models"
    pull(store, "registry.ollama.ai/library/good/1b", "a" * 64)
    touch(store / "manifests/registry.ollama.ai/library/bad/latest", document)
    assert [c.name for c in ollama.find(here(tmp_path))] == ["good:1b"]


def test_ollamas_names_are_checked_before_they_are_shown(tmp_path: Path) -> None:
    store = tmp_path / ".ollama/models"
    pull(store, "registry.ollama.ai/library/good/1b", "a" * 64)
    pull(store, "registry.ollama.ai/library/bad\u202ename/1b", "b" * 64)
    pull(store, "registry.ollama.ai/library/.DS_Store/1b", "c" * 64)
    assert [c.name for c in ollama.find(here(tmp_path))] == ["good:1b"]


def test_ollama_stores_of_the_system_and_of_the_variable(tmp_path: Path) -> None:
    stores = ("usr/share/ollama/.ollama/models", "var/lib/ollama", "var/lib/ollama/models")
    for i, store in enumerate(stores):
        pull(tmp_path / "root" / store, f"registry.ollama.ai/library/m{i}/1b", f"{i}" * 64)
    pull(tmp_path / "chosen", "registry.ollama.ai/library/m3/1b", "3" * 64)
    chosen = f' "{tmp_path / "chosen"}" '
    assert {c.name for c in ollama.find(here(tmp_path, OLLAMA_MODELS=chosen))} == {f"m{i}:1b" for i in range(4)}
    assert {c.name for c in ollama.find(here(tmp_path, "win32", OLLAMA_MODELS=chosen))} == {"m3:1b"}


# --- Jan ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "folder"),
    [("linux", ".local/share"), ("darwin", "Library/Application Support"), ("win32", "AppData/Roaming")],
)
def test_jan_names_its_files_in_model_yml(tmp_path: Path, platform: str, folder: str) -> None:
    data = tmp_path / folder / "Jan/data"
    models = data / "llamacpp/models"
    touch(models / "janhq/Jan-v3/model.yml", "embedding: false\nmodel_path: llamacpp/models/janhq/Jan-v3/m-Q4_0.gguf\n")
    model = touch(models / "janhq/Jan-v3/m-Q4_0.gguf")
    touch(models / "janhq/Jan-v3/mmproj.gguf")
    imported = touch(tmp_path / "Downloads/mine.gguf")
    touch(models / "mine/model.yml", f'name: mine\nmodel_path: "{imported}" \nsize_bytes: 1\n')
    first, second = jan.find(here(tmp_path, platform))
    assert (first.name, first.files, first.quant, first.origin) == ("janhq/Jan-v3", (model,), "Q4_0", Origin.JAN)
    assert (second.name, second.files) == ("mine", (imported,))


def test_jan_may_have_moved_its_data(tmp_path: Path) -> None:
    for i, folder in enumerate(("explicit", "moved", "legacy")):
        touch(tmp_path / folder / f"llamacpp/models/m{i}/model.yml", f"model_path: llamacpp/models/m{i}/{i}.gguf")
        touch(tmp_path / folder / f"llamacpp/models/m{i}/{i}.gguf")
    share = tmp_path / ".local/share"
    touch(share / "Jan/settings.json", json.dumps({"data_folder": str(tmp_path / "moved")}))
    touch(share / "jan.ai.app/settings.json", json.dumps({"data_folder": str(tmp_path / "legacy")}))
    found = list(jan.find(here(tmp_path, JAN_DATA_FOLDER=str(tmp_path / "explicit"))))
    assert names(found) == ["0.gguf", "1.gguf", "2.gguf"]


@pytest.mark.parametrize(
    "line",
    [
        "model_path: ../../../outside.gguf",
        "model_path: llamacpp/models/../../../../outside.gguf",
        "model_path: C:outside.gguf",
        "model_path: llamacpp/models/m/notes.txt",
        "model_path: |\n  llamacpp/models/m/m.gguf",
        "model_path: *anchor",
        "model_path: [llamacpp/models/m/m.gguf]",
        'model_path: "unfinished',
        "model_path: 'unfinished",
        "  model_path: llamacpp/models/m/m.gguf",
        "model_path: llamacpp/models/m/m.gguf\nmodel_path: llamacpp/models/m/m.gguf",
        "model_path:",
        "",
    ],
)
def test_jans_odd_model_files_are_refused(tmp_path: Path, line: str) -> None:
    models = tmp_path / ".local/share/Jan/data/llamacpp/models"
    touch(tmp_path / "outside.gguf")
    touch(models / "m/m.gguf")
    touch(models / "m/notes.txt")
    touch(models / "m/model.yml", f"{line}\nname: m\n")
    assert list(jan.find(here(tmp_path))) == []


@pytest.mark.parametrize(
    "value", ["'it''s.gguf'", '"it\'s.gguf"', "it's.gguf", "it's.gguf # the best", '"it\\u0027s.gguf"']
)
def test_jans_ways_to_write_a_text(tmp_path: Path, value: str) -> None:
    data = tmp_path / ".local/share/Jan/data"
    touch(data / "it's.gguf")
    touch(data / "llamacpp/models/m/model.yml", f"model_path:   {value}\n")
    (found,) = jan.find(here(tmp_path))
    assert found.files == (data / "it's.gguf",)


# --- GPT4All -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "folder"),
    [("linux", ".local/share"), ("darwin", "Library/Application Support"), ("win32", "AppData/Local")],
)
def test_gpt4all_keeps_files_in_its_data_folder(tmp_path: Path, platform: str, folder: str) -> None:
    touch(tmp_path / folder / "nomic.ai/GPT4All/a.gguf")
    touch(tmp_path / folder / "nomic.ai/GPT4All/sub/b.gguf")
    touch(tmp_path / folder / "nomic.ai/GPT4All/incomplete-c.gguf")
    touch(tmp_path / folder / "nomic.ai/GPT4All/gpt4all-x-capi.rmodel")
    touch(tmp_path / ".cache/gpt4all/d.gguf")
    found = list(gpt4all.find(here(tmp_path, platform)))
    assert names(found) == ["a.gguf", "b.gguf", "d.gguf"]
    assert {c.origin for c in found} == {Origin.GPT4ALL}


@pytest.mark.parametrize(
    ("platform", "settings"),
    [
        ("linux", ".config/nomic.ai/GPT4All.ini"),
        ("darwin", ".config/gpt4all.io/GPT4All.ini"),
        ("win32", "AppData/Roaming/nomic.ai/GPT4All.ini"),
    ],
)
def test_gpt4all_uses_the_folder_that_the_user_chose(tmp_path: Path, platform: str, settings: str) -> None:
    touch(tmp_path / "M\u00f6delle, alle/a.gguf")
    path = str(tmp_path / "M\\xf6\\x64\\x65lle, alle")  # after an escape QSettings writes digits and a-f as escapes too
    touch(tmp_path / settings, f'[model-x]\nmodelPath=/wrong\n\n[General]\ndevice=Auto\nmodelPath="{path}"\n')
    assert names(list(gpt4all.find(here(tmp_path, platform)))) == ["a.gguf"]


@pytest.mark.parametrize(
    "ini", ["", "modelPath=", "[General]\nmodelPath=relative", "\\", "[General]\nmodelPath=\\xd800"]
)
def test_gpt4alls_odd_settings_are_ignored(tmp_path: Path, ini: str) -> None:
    touch(tmp_path / ".config/nomic.ai/GPT4All.ini", ini)
    touch(tmp_path / ".local/share/nomic.ai/GPT4All/a.gguf")
    assert names(list(gpt4all.find(here(tmp_path)))) == ["a.gguf"]
