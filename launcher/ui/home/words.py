"""The figures of Home in words. Pure; every figure is computed from the plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from launcher.core.units import gb, rate, whole

if TYPE_CHECKING:
    from launcher.core.plans import Plan, SpeedEstimate

translate = QCoreApplication.translate

READING_TOKENS_S = 5.0
"""A person reads about 240 words a minute; at 0.75 words per token that is about 5 tokens/s."""

WORDS_PER_TOKEN = 0.75
"""English text with the tokenizers of these models, rounded."""

THOUGHT_TOKENS = (400, 2000)
"""A usual thought of a reasoning model before its answer, tokens."""


def figure(number: float) -> float:
    """Two significant figures, for rough figures that must not look exact."""
    if number <= 0:
        return 0.0
    digits = 1 - math.floor(math.log10(number))
    return round(number, digits)


def range_words(speed: SpeedEstimate) -> str:
    """The range alone: "34–41"."""
    return f"{rate(speed.decode_low)}–{rate(speed.decode_high)}"


def speed_note(speed: SpeedEstimate, *, short: bool = False) -> str:
    """Under the speed: "likely 34–41; 7× reading speed"; a measured speed has no range."""
    words = (
        translate("HomeWords", "measured here")
        if speed.basis == "measured"
        else translate("HomeWords", "likely {range}").format(range=range_words(speed))
    )
    if short:
        return words
    times = speed.decode_tokens_s / READING_TOKENS_S
    if times >= 1.5:
        pace = translate("HomeWords", "{n}× reading speed").format(n=_times(times))
    elif times >= 0.8:
        pace = translate("HomeWords", "as fast as you read")
    else:
        pace = translate("HomeWords", "slower than you read")
    return translate("HomeWords", "{first}; {second}").format(first=words, second=pace)


def pace_sentence(tokens_s: float) -> str:
    """How the speed feels, for the sentence about a machine without a graphics card."""
    times = tokens_s / READING_TOKENS_S
    if times >= 2.5:
        return translate("HomeWords", "The processor does the work, {n} times as fast as you read.").format(
            n=f"{times:.0f}"
        )
    if times >= 1.2:
        return translate("HomeWords", "The processor does the work, a little faster than you read.")
    if times >= 0.8:
        return translate("HomeWords", "The processor does the work, about as fast as you read.")
    return translate("HomeWords", "The processor does the work, slower than you read.")


def thinking_words(plan: Plan) -> tuple[str, str, str]:
    """Figure, note and tool tip of "Thinking first"."""
    from launcher.core.models import Thinking  # came with the plan; Home itself is painted before there is one

    if plan.thinking is None:
        return translate("HomeWords", "Unknown"), translate("HomeWords", "the file shows it when it is loaded"), ""
    if plan.thinking is Thinking.NEVER:
        return (
            translate("HomeWords", "No"),
            translate("HomeWords", "answers at once"),
            translate("HomeWords", "This model does not reason before it answers."),
        )
    low, high = (tokens / max(0.01, plan.speed.decode_tokens_s) for tokens in THOUGHT_TOKENS)
    note = (
        translate("HomeWords", "usual, at this speed")
        if plan.thinking is Thinking.ALWAYS
        else translate("HomeWords", "usual; can be switched off")
    )
    tip = translate(
        "HomeWords",
        "Computed: a usual thought of {low} to {high} tokens at {rate} tokens/s. Hard questions take longer.",
    )
    tip = tip.format(low=whole(THOUGHT_TOKENS[0]), high=whole(THOUGHT_TOKENS[1]), rate=rate(plan.speed.decode_tokens_s))
    return time_range(low, high), note, tip


def time_range(low_s: float, high_s: float) -> str:
    """A range such as "10–50 s" or "50 s – 4 min": rounded to what the guess is worth."""
    low, low_unit = _rough_time(low_s)
    high, high_unit = _rough_time(high_s)
    return f"{low}–{high} {high_unit}" if low_unit == high_unit else f"{low} {low_unit} – {high} {high_unit}"


def _rough_time(seconds: float) -> tuple[str, str]:
    if seconds < 90:
        return _rough(seconds), translate("HomeWords", "s")
    if seconds < 5400:
        return _rough(seconds / 60), translate("HomeWords", "min")
    return _rough(seconds / 3600), translate("HomeWords", "h")


def _rough(number: float) -> str:
    if number < 1:
        return f"{max(0.1, number):.1f}"
    return f"{round(number / 5) * 5}" if number >= 8 else f"{number:.0f}"


def _times(factor: float) -> str:
    """A factor as it is worth: "1.6", "8"."""
    return f"{factor:.1f}" if factor < 2.5 else f"{factor:.0f}"


def context_note(tokens: int) -> str:
    """Under the context: "about 18,000 words"."""
    return translate("HomeWords", "about {n} words").format(n=whole(int(figure(tokens * WORDS_PER_TOKEN))))


def quality_words(plan: Plan) -> tuple[str, str]:
    """Figure and note of "Quality kept": the loss in words, and the figure behind it or that there is none."""
    quality = plan.quality
    is_measured = bool(quality.figure)
    names = {
        "no loss": translate("HomeWords", "No loss measured")
        if is_measured
        else translate("HomeWords", "No loss expected"),
        "slight loss": translate("HomeWords", "Slight loss"),
        "clear loss": translate("HomeWords", "Clear loss"),
        "strong loss": translate("HomeWords", "Strong loss"),
        "unknown": translate("HomeWords", "Unknown"),
    }
    words = names.get(quality.quant_loss, quality.quant_loss[:1].upper() + quality.quant_loss[1:])
    if is_measured:
        return words, quality.figure
    if quality.quant_loss == "unknown":
        return words, translate("HomeWords", "not measured")
    return words, translate("HomeWords", "as measured on similar models")


def disk_size(size_bytes: int) -> str:
    """Space on a disk: "96.3 GB", "2.0 TB"."""
    return f"{size_bytes / 1e12:.1f} TB" if size_bytes >= 1e12 else gb(size_bytes)


def plan_key(plan: Plan) -> str:
    """Identifies a plan's file set as downloads and the library do ("repo::quant")."""
    return f"{plan.repo}::{plan.quant}"
