"""The order of versions, against the reference (packaging, in the development environment only)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from launcher import __version__
from launcher.core.versions import is_before_release, version_key

ORDERED = [
    "0.9",
    "1.0.dev1",
    "1.0a1.dev2",
    "1.0a1",
    "1.0b1",
    "1.0rc1",
    "1.0rc2",
    "1.0",
    "1.0.post1",
    "1.0.1",
    "1.2",
    "1.10",
    "2",
]


def test_order() -> None:
    keys = [version_key(text) for text in ORDERED]
    assert None not in keys
    assert all(one < two for one, two in itertools.pairwise(keys) if one and two)


@pytest.mark.parametrize(
    ("one", "other"), [("v1.2.0", "1.2"), ("1.0-rc.1", "1.0rc1"), ("1.0+local.7", "1.0"), (" 1.0 ", "1")]
)
def test_the_same(one: str, other: str) -> None:
    assert version_key(one) == version_key(other)


@pytest.mark.parametrize("text", ["", "nightly", "1.x", "1..2", "1.0\n2", "1" * 5000, "1.0-", "\u0661.0\u202e"])
def test_no_versions(text: str) -> None:
    assert version_key(text) is None


def test_before_a_release() -> None:
    told = {text: is_before_release(key) for text in ORDERED if (key := version_key(text))}
    assert [text for text, is_before in told.items() if is_before] == ORDERED[1:7]


def test_our_own() -> None:
    assert version_key(__version__) is not None


_numbers = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
_before = st.sampled_from(["", "a1", "b2", "rc1", "-rc.2", ".dev1", "a1.dev3", ".post1", ".post1.dev2"])
_versions = st.builds(lambda numbers, end: numbers + end, _numbers, _before)


@given(_versions, _versions)
def test_as_the_reference_orders_them(one: str, other: str) -> None:
    ours, theirs = (version_key(one), version_key(other)), (Version(one), Version(other))
    assert ours[0] is not None
    assert ours[1] is not None
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])
