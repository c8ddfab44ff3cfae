"""The line of figures under an answer, in words: how it ended, how fast it was, what was saved."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from launcher.chat.conversation import Message, MessageState
from launcher.chat.counts import tokens_in_words
from launcher.core.generation import Timings
from launcher.core.units import rate, whole

translate = QCoreApplication.translate


def figure_words(message: Message) -> str:
    """What is known of how an answer was made, on one line; "" for nothing."""
    parts: list[str] = []
    if message.state is MessageState.STOPPED:
        parts.append(translate("AnswerRow", "stopped"))
    elif message.state is MessageState.FAILED:
        parts.append(translate("AnswerRow", "incomplete"))
    if message.is_edited:
        parts.append(translate("AnswerRow", "edited by you"))
    if message.timings is not None:
        parts += _timing_words(message.timings)
    return " · ".join(parts)


def _timing_words(timings: Timings) -> list[str]:
    words: list[str] = []
    if timings.decode_tokens_s > 0:
        words.append(translate("AnswerRow", "{rate} tokens/s").format(rate=f"{timings.decode_tokens_s:.1f}"))
    words.append(tokens_in_words(timings.decode_tokens))
    seconds = f"{timings.time_to_first_token_s:.1f}"
    words.append(translate("AnswerRow", "first after {seconds} s").format(seconds=seconds))
    if timings.restored_tokens:
        count = whole(timings.restored_tokens)
        words.append(translate("AnswerRow", "{count} tokens restored from disk").format(count=count))
    if timings.drafted_tokens:
        share = f"{100 * timings.accepted_tokens / timings.drafted_tokens:.0f}"
        words.append(translate("AnswerRow", "{percent} % of the guessed tokens were right").format(percent=share))
    if timings.drafting == "off" and timings.drafting_s and timings.plain_s:
        slow, plain = rate(1 / timings.drafting_s), rate(1 / timings.plain_s)
        text = translate("AnswerRow", "guesses are off: {slow} instead of {plain} tokens/s")
        words.append(text.format(slow=slow, plain=plain))
    if timings.stop_reason == "length":
        words.append(translate("AnswerRow", "ended by the length limit"))
    elif timings.stop_reason == "context":
        words.append(translate("AnswerRow", "ended because the context is full"))
    return words
