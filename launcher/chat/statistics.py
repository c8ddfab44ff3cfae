"""What is known about how an answer was made, as a table of words: in the window, for the clipboard and in exports."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from launcher.chat.conversation import Message
from launcher.chat.counts import tokens_in_words
from launcher.core.generation import AnswerCost, Timings
from launcher.core.units import duration, gib, rate, whole
from launcher.core.words import listed, say

_MINUTE_S = 60


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    value: str


def statistics(message: Message) -> tuple[Figure, ...]:
    """Everything that was measured of an answer, and what is not known; () for a message that nobody measured."""
    timings = message.timings
    if timings is None:
        return ()
    figures = [Figure(say("Model"), " ".join(f"{message.model} {message.quant}".split()))]
    figures += _time(timings) + _tokens(timings)
    figures += _memory(timings.cost) + _energy(timings)
    figures.append(Figure(say("Ended"), _end(timings.stop_reason)))
    return tuple(f for f in figures if f.value)


def statistics_text(message: Message) -> str:
    """The table as plain text, one figure per line."""
    return "\n".join(f"{name}: {value}" for name, value in statistics(message))


def together(first: Timings | None, second: Timings) -> Timings:
    """Figures of an answer in two parts: the thought and the first word are of the first, rates of the second."""
    if first is None:
        return second
    return replace(
        second,
        decode_tokens=first.decode_tokens + second.decode_tokens,
        reasoning_tokens=first.reasoning_tokens,
        reasoning_seconds=first.reasoning_seconds,
        time_to_first_token_s=first.time_to_first_token_s,
        cost=_costs_together(first.cost, second.cost),
    )


def _costs_together(first: AnswerCost | None, second: AnswerCost | None) -> AnswerCost | None:
    """Time and energy of both parts, the most memory of either; a part that nobody measured leaves the sum unknown."""
    if first is None or second is None:
        return None
    return AnswerCost(
        first.seconds + second.seconds,
        second.memory or first.memory,
        max(first.ram_peak_bytes or 0, second.ram_peak_bytes or 0) or None,
        max(first.vram_peak_bytes or 0, second.vram_peak_bytes or 0) or None,
        _sum(first.cpu_joules, second.cpu_joules),
        _sum(first.gpu_joules, second.gpu_joules),
    )


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _time(timings: Timings) -> list[Figure]:
    cost = timings.cost
    return [
        Figure(say("Time in all"), _seconds(cost.seconds if cost else 0.0)),
        Figure(say("First token after"), _seconds(timings.time_to_first_token_s)),
        Figure(say("Reading the prompt"), _speed(timings.prefill_tokens_s)),
        Figure(say("Writing"), _speed(timings.decode_tokens_s)),
        Figure(say("Thinking"), _thinking(timings)),
    ]


def _tokens(timings: Timings) -> list[Figure]:
    count = whole(timings.decode_tokens)
    written = tokens_in_words(timings.decode_tokens)
    if timings.reasoning_tokens:
        answer = whole(max(0, timings.decode_tokens - timings.reasoning_tokens))
        thought = whole(timings.reasoning_tokens)
        written = say("{count} tokens: {thought} thought, {answer} answer", count=count, thought=thought, answer=answer)
    guessed = ""
    if timings.drafted_tokens:
        share = f"{100 * timings.accepted_tokens / timings.drafted_tokens:.0f}"
        guessed = say(
            "{count} tokens, {right} of them right ({percent} %)",
            count=whole(timings.drafted_tokens),
            right=whole(timings.accepted_tokens),
            percent=share,
        )
    used = tokens_in_words(timings.context_used) if timings.context_used else ""
    return [
        Figure(say("Prompt"), _prompt(timings)),
        Figure(say("Written"), written),
        Figure(say("Guessed"), guessed),
        Figure(say("In the context then"), used),
    ]


def _prompt(timings: Timings) -> str:
    if not timings.prompt_tokens:
        return ""
    count, reused = whole(timings.prompt_tokens), whole(timings.reused_tokens)
    if not timings.reused_tokens:
        return say("{count} tokens, all of them read", count=count)
    evaluated = whole(max(0, timings.prompt_tokens - timings.reused_tokens))
    words = say("{count} tokens: {read} read, {reused} reused", count=count, read=evaluated, reused=reused)
    if timings.restored_tokens:
        words = listed(words, say("{count} from disk", count=whole(timings.restored_tokens)))
    return words


def _thinking(timings: Timings) -> str:
    if not timings.reasoning_tokens:
        return ""
    return _seconds(timings.reasoning_seconds)


def _memory(cost: AnswerCost | None) -> list[Figure]:
    if cost is None:
        return []
    figures = [
        Figure(say("Model on {device}", device=share.name), gib(share.model_bytes))
        for share in cost.memory
        if share.kind == "gpu"
    ]
    host = sum(share.model_bytes for share in cost.memory if share.kind != "gpu")
    if host:
        figures.append(Figure(say("Model in RAM"), gib(host)))
    if cost.vram_peak_bytes is not None:
        figures.append(Figure(say("Most VRAM used"), gib(cost.vram_peak_bytes)))
    if cost.ram_peak_bytes is not None:
        figures.append(Figure(say("Most RAM used"), gib(cost.ram_peak_bytes)))
    return figures


def _energy(timings: Timings) -> list[Figure]:
    cost = timings.cost
    if cost is None:
        return [Figure(say("Energy"), say("not measured"))]
    joules = cost.joules
    if joules is None:
        return [Figure(say("Energy"), say("not known on this PC"))]
    if cost.cpu_joules is not None and cost.gpu_joules is not None:
        parts = say(
            "processor {cpu} J, graphics card {gpu} J", cpu=_three(cost.cpu_joules), gpu=_three(cost.gpu_joules)
        )
    else:
        parts = say("graphics card alone") if cost.cpu_joules is None else say("processor alone")
    figures = [Figure(say("Energy"), say("{joules} J ({parts})", joules=_three(joules), parts=parts))]
    if joules > 0:
        figures.append(Figure(say("Tokens per joule"), _three(timings.decode_tokens / joules)))
    return figures


def _end(reason: str) -> str:
    return {
        "end": say("by itself"),
        "length": say("at the length limit"),
        "context": say("because the context was full"),
        "stopped": say("because it was stopped"),
    }.get(reason, "")


def _seconds(seconds: float) -> str:
    if seconds <= 0:
        return ""
    if seconds >= _MINUTE_S:
        return duration(seconds)
    return say("{n} s", n=f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}")


def _speed(tokens_s: float) -> str:
    return say("{rate} tokens/s", rate=rate(tokens_s)) if tokens_s > 0 else ""


def _three(value: float) -> str:
    """About three significant figures, without an exponent."""
    if value >= 100:
        return whole(round(value))
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.2g}"
