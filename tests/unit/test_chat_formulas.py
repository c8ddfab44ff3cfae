"""Formulas: what DeepSeek writes is set, what is hostile is refused in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.chat.formulas import MAX_NESTING, MAX_SECONDS, FormulaError, nesting, refusal, typeset
from tests.depth import part


@pytest.mark.parametrize(
    "tex",
    [
        r"E_0 = 1 + \tfrac{1}{2}E_1, \qquad E_1 = 1 + \frac12 \cdot 0",
        r"\begin{aligned}a &= b \\ c &= d\end{aligned}",
        r"\begin{alignat*}{2}a &= b\end{alignat*}",
        r"f(x) = \begin{cases}1 & x > 0 \\ 0 & \text{else}\end{cases}",
        r"\begin{pmatrix}1 & 0 \\ 0 & 1\end{pmatrix}",
        r"\boxed{\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}}",
        r"\int_0^1 \sqrt{x}\,\mathrm{d}x \in \mathbb{R}",
        r"\left\{ x \mid x^2 < 2 \right\}",
        r"\operatorname*{argmax}_x f(x)",
    ],
)
def test_formulas_are_set_as_shapes(tex: str) -> None:
    formula = typeset(tex, 15, "#16201F", is_display=True)
    assert 0 < formula.ascent <= formula.height
    assert b"#16201f" in formula.svg.lower()
    assert b"<text" not in formula.svg
    assert b"href" not in formula.svg


def test_norm_bars_keep_their_proportion() -> None:
    assert typeset(r"\lVert x \rVert", 15, "#000000", is_display=False).height < 40


@pytest.mark.parametrize(
    ("tex", "why"),
    [
        ("  ", "empty"),
        ("x" * 5000, "too long"),
        (r"\ce{H2O}", "a command that cannot be drawn"),
        (r"\text{如果}", "the formula font has no such characters"),
        ("{" * 30 + "x" + "}" * 30, "nested too deep"),
        (r"\frac\frac\frac\frac\frac 1 2 3 4 5 6", "nested too deep"),
        ("x^^^^^^2", "nested too deep"),
        ("}x{", "nested too deep"),
        (r"\left( x", "nested too deep"),
    ],
)
def test_refusals_before_the_typesetter_runs(tex: str, why: str) -> None:
    assert refusal(tex) == why


def test_an_unknown_command_is_refused_not_printed() -> None:
    with pytest.raises(FormulaError, match="unknown command"):
        typeset(r"\foobar x", 15, "#000000", is_display=False)


def test_escaped_braces_and_line_breaks_do_not_nest() -> None:
    assert nesting(r"\{ a \\ b \\{ c } \}") == 1
    assert nesting(r"\left( \frac{1}{2} \right)") == 2


def test_a_slow_formula_is_given_up() -> None:
    tex = r"\frac{" * MAX_NESTING + "x" + "}{2}" * MAX_NESTING
    assert refusal(tex) is None
    start = time.thread_time()
    with pytest.raises(FormulaError, match="too long"):
        typeset(tex, 15, "#000000", is_display=True)
    assert time.thread_time() - start < 20 * MAX_SECONDS  # it ends at all; unguarded the next level never did


@settings(max_examples=part(150), deadline=None)
@given(st.lists(st.sampled_from(["\\", "{", "}", "^", "_", "&", "x", "1", r"\frac", r"\left(", r"\right)", r"\sqrt", r"\begin{aligned}",
    r"\end{aligned}", r"\\", "<", "%", "#", "$", r"\color{red}", r"\mathbb{R}", " ", "'", r"\text{", "é"]), max_size=12))  # fmt: skip
def test_only_the_promised_error_comes_out(pieces: list[str]) -> None:
    try:
        formula = typeset("".join(pieces), 15, "#000000", is_display=False)
    except FormulaError:
        return
    assert formula.width > 0
