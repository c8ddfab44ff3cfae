"""One question and its answer, as the tiny model learns them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn of a chat.

    Attributes:
        task: the row of the evaluation's table it belongs to, such as "addition" or "guide".
        thought: what stands between `<think>` and `</think>`.
        key: what the exchange is about; the same key is never both trained and held out.
        result: what an answer must contain to be right.
        is_chinese: the language of question and answer.
    """

    task: str
    question: str
    thought: str
    answer: str
    key: str
    result: str
    is_chinese: bool = False
