"""The built-in model: what it is comes from its file, its label is always there, and nothing manages it."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher import catalog
from launcher.catalog import builtin, gguf
from launcher.catalog.identify import identify
from launcher.core.downloads import Origin
from launcher.core.errors import UserError
from launcher.core.models import Thinking
from launcher.core.plans import Wishes
from launcher.downloads.library import adopt, scan
from launcher.planner import recommend
from tests.unit.planner_machines import described

HERE = builtin.path()


def test_it_is_there_small_and_of_deepseeks_architecture() -> None:
    here = builtin.require()
    assert here.origin == Origin.BUILT_IN
    assert here.is_builtin
    assert not here.is_ours
    assert here.architecture == "deepseek2"
    assert here.size_bytes == HERE.stat().st_size <= 8_000_000


def test_what_it_is_comes_from_its_header() -> None:
    variant = builtin.variant()
    facts = variant.quants[0].facts
    assert facts is not None
    assert facts.exact
    assert facts.hyper.n_expert > 1
    assert facts.hyper.kv_lora_rank
    assert facts.hyper.leading_dense
    assert variant.context_train == facts.context_train >= 1024
    assert 0 < variant.params_active < variant.params_total
    assert variant.sampling.temperature == 0
    assert variant.thinking is Thinking.SWITCH
    assert variant.quants[0].file_bytes == HERE.stat().st_size


def test_its_words_say_what_it_is() -> None:
    assert builtin.label() == "built in, demonstration by this project, not a DeepSeek release"
    assert "not a DeepSeek release" in builtin.variant().honest_note
    assert "demonstration" in builtin.NAME
    assert "DeepSeek" not in builtin.NAME
    assert builtin.try_words(4_263_168) == "Try it now (built in, 4 MB)"
    assert builtin.try_words(7_600_000) == "Try it now (built in, 8 MB)"


@pytest.mark.parametrize("name", ["tiny", "Launcher-Tiny", " launcher tiny ", "Launcher Tiny (demonstration)"])
def test_its_names(name: str) -> None:
    assert builtin.is_named(name)


@pytest.mark.parametrize("name", ["", "r1-distill-qwen-7b", "tiny.gguf", "launcher-tiny.gguf", "someone/tiny"])
def test_names_of_others(name: str) -> None:
    assert not builtin.is_named(name)


def test_only_the_very_file_is_it(tmp_path: Path) -> None:
    copy = tmp_path / HERE.name
    copy.write_bytes(HERE.read_bytes())
    assert builtin.is_builtin(HERE)
    assert not builtin.is_builtin(copy)
    assert not builtin.is_builtin(tmp_path / "missing.gguf")
    link = tmp_path / "linked" / HERE.name
    link.parent.mkdir()
    link.symlink_to(HERE)
    assert builtin.is_builtin(link)


def test_its_file_is_identified_and_a_copy_is_a_file_like_any_other(tmp_path: Path) -> None:
    known = catalog.load()
    own = identify(known, HERE, gguf.read_set(HERE))
    assert own.variant is not None
    assert own.variant.id == builtin.MODEL_ID
    assert own.name == builtin.NAME
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(HERE.read_bytes())
    assert identify(known, copy, gguf.read_set(copy)).variant is None


def test_the_catalog_does_not_have_it() -> None:
    known = catalog.load()
    assert all(v.id != builtin.MODEL_ID for v in known.variants)
    with pytest.raises(UserError) as caught:
        known.find("tiny")
    assert caught.value.code == "built_in"
    found = recommend(described("laptop-cpu-16gb"), known.variants)
    plans = [found.recommended, *found.alternatives.values()]
    assert all(plan.model != builtin.MODEL_ID for plan in plans if plan is not None)


def test_the_library_neither_lists_nor_takes_it() -> None:
    with pytest.raises(UserError) as caught:
        adopt.adopt(HERE)
    assert caught.value.code == "built_in"
    assert "only read" in caught.value.why
    with pytest.raises(UserError) as caught:
        adopt.adopt_folder(HERE.parent)
    assert caught.value.code == "no_models"
    assert scan.scan() == ((), ())
    assert HERE.exists()


def test_it_takes_one_thread_unless_told_otherwise() -> None:
    assert builtin.wishes_for(Wishes()).threads == 1
    assert builtin.wishes_for(Wishes(threads=3)).threads == 3


def test_a_package_without_it_does_not_offer_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builtin, "path", lambda: tmp_path / HERE.name)
    assert builtin.installed() is None
    with pytest.raises(UserError) as caught:
        builtin.require()
    assert caught.value.code == "builtin_missing"
    (tmp_path / HERE.name).write_bytes(b"no model")
    assert builtin.installed() is None
