"""Printed figures: labelled, and parts that add up to the printed whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.core.units import duration, gb, gib, rate, rounded_parts, whole


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0.0 MB"), (4_230_000, "4.2 MB"), (53_000_000, "53 MB"), (19_850_000_000, "19.9 GB"), (404e9, "404.0 GB")],
)
def test_files_are_in_decimal_gigabytes(size_bytes: float, text: str) -> None:
    assert gb(size_bytes) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(24 * 2**30, "24.0 GiB"), (50 * 2**20, "50 MiB"), (1.5 * 2**30, "1.5 GiB")]
)
def test_memory_is_in_binary_gigabytes(size_bytes: float, text: str) -> None:
    assert gib(size_bytes) == text


@pytest.mark.parametrize(("tokens_s", "text"), [(0.4217, "0.42"), (2.549, "2.5"), (38.4, "38"), (120.0, "120")])
def test_rates_have_about_two_figures(tokens_s: float, text: str) -> None:
    assert rate(tokens_s) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (59.6, "1 min"), (160, "2 min 40 s"), (3600, "1 h"), (11_100, "3 h 5 min"), (200_000, "2 days")],
)
def test_durations_use_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts_have_separators() -> None:
    assert whole(24576) == "24,576"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.integers(0, 2))
def test_rounded_parts_add_up_and_stay_within_one_step(parts: list[float], digits: int) -> None:
    total = sum(parts)
    rounded = rounded_parts(parts, total, digits)
    step = 10**-digits
    assert round(sum(rounded), digits) == pytest.approx(round(total, digits), abs=step / 100)
    assert all(abs(r - p) <= step * 1.001 for r, p in zip(rounded, parts, strict=True))
