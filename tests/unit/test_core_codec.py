"""Values survive JSON; anything else is refused with the place of the trouble."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.core.codec import from_json, to_json
from launcher.core.downloads import DownloadState
from launcher.core.errors import UserError
from launcher.core.generation import GenerateRequest
from launcher.core.machine import Machine, machine_from_file, machine_to_json
from launcher.core.models import Quant, Variant
from launcher.core.plans import MemoryUse, Placement, Wishes
from tests.depth import part

VALUES = [Machine, Variant, Quant, Placement, Wishes, MemoryUse, GenerateRequest]

# hypothesis builds arbitrary values from the annotations alone, nested dataclasses and all.
_ATOMS = {int: st.integers(-(2**60), 2**60), float: st.floats(allow_nan=False, allow_infinity=False, width=32)}
for kind, strategy in _ATOMS.items():
    st.register_type_strategy(kind, strategy)


@settings(max_examples=part(50))
@given(st.one_of([st.from_type(kind) for kind in VALUES]))
def test_values_survive_a_trip_through_json_text(value: object) -> None:
    text = json.dumps(to_json(value))
    assert from_json(type(value), json.loads(text)) == value


def test_unknown_keys_are_ignored_and_missing_ones_take_the_default() -> None:
    assert from_json(Wishes, {"context": 4096, "of_a_newer_version": 1}) == Wishes(context=4096)


def test_whole_floats_are_accepted_for_counts_and_counts_for_floats() -> None:
    machine = from_json(Machine, {**_SMALL, "ram": {"total_bytes": 16e9, "free_bytes": 8e9, "bandwidth_bytes_s": 50}})
    assert (machine.ram.total_bytes, machine.ram.bandwidth_bytes_s) == (16_000_000_000, 50.0)
    assert isinstance(machine.ram.total_bytes, int)
    assert isinstance(machine.ram.bandwidth_bytes_s, float)


_SMALL: dict[str, object] = {
    "name": "x",
    "os": "linux",
    "cpu": {"name": "c", "cores": 4, "threads": 8},
    "ram": {"total_bytes": 1, "free_bytes": 1},
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"cpu": {"name": "c", "cores": "4", "threads": 8}}, "$.cpu.cores"),
        ({"cpu": {"name": "c", "cores": True, "threads": 8}}, "$.cpu.cores"),
        ({"cpu": {"name": "c", "cores": 4.5, "threads": 8}}, "$.cpu.cores"),
        ({"cpu": {"name": "c", "threads": 8}}, "cores"),
        ({"gpus": [{"name": "a", "vendor": "nvidia"}, {"name": 5, "vendor": "amd"}]}, "$.gpus[1].name"),
        ({"gpus": {}}, "$.gpus"),
        ({"ram": None}, "$.ram"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(change: dict[str, object], place: str) -> None:
    with pytest.raises(ValueError, match=place.replace("$", r"\$").replace("[", r"\[")):
        from_json(Machine, {**_SMALL, **change})


def test_an_unknown_enum_value_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="paused"):
        from_json(DownloadState, "sleeping")


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_KEYS = st.sampled_from(["name", "os", "cpu", "ram", "gpus", "cores", "threads", "vendor", "total_bytes", "other"])


@settings(max_examples=part(50))
@given(st.recursive(_LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(_KEYS, x, max_size=6), max_leaves=15))
def test_arbitrary_json_is_refused_or_read_but_never_crashes(data: object) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(from_json(Machine, data), Machine)


def test_a_machine_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    machine = from_json(Machine, _SMALL)
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine_to_json(machine)), "utf-8")
    assert machine_from_file(path) == machine


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"name": "x"}', "[" * 100_000])
def test_a_bad_machine_file_is_the_users_to_mend(tmp_path: Path, content: str) -> None:
    path = tmp_path / "machine.json"
    path.write_text(content, "utf-8")
    with pytest.raises(UserError) as raised:
        machine_from_file(path)
    assert raised.value.code == "bad_machine_file"
    assert "machine.json" in raised.value.what
    assert raised.value.next_steps
