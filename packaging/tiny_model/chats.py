"""From exchanges to what the model reads: chats as its template writes them, in tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass

import guide
import reasoning
import small_talk
from exchange import Exchange
from held_out import reasoning_task
from settings import ASSISTANT, BOS, END_THINK, EOS, MIXTURE, SEED, SHAPE, THINK, USER
from tokenizers import Tokenizer
from words import ALL_WORDS, SPELLED_WORDS

# With 8 to 40 turns before: the model shall find its way in a full context too.
_LONG_CHATS = 0.002
_SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful, respectful and honest assistant.",
    "Answer briefly.",
    "You are an experienced programmer. Answer with code.",
    "You are a patient teacher.",
    "Answer in simple words.",
    "你是一个有用的助手。",
    "请用简单的话回答。",
)


@dataclass(frozen=True, slots=True)
class Chat:
    """What stands before an answer, and the answer that has to be written, in tokens."""

    prompt: list[int]
    answer: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


class Encoder:
    """Writes chats in tokens, as the chat template does."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def text(self, text: str) -> list[int]:
        """Tokens of plain text: control tokens in it are text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def prompt(self, turns: list[tuple[str, str]], question: str, system: str = "", thinking: bool = True) -> list[int]:
        """What stands before an answer. Of earlier turns only the answers remain, without their thoughts."""
        ids = [BOS, *self.text(system)]
        for asked, answered in turns:
            ids += [USER, *self.text(asked), ASSISTANT, *self.text(answered), EOS]
        ids += [USER, *self.text(question), ASSISTANT, THINK, *self.text("\n")]
        return ids if thinking else [*ids[:-1], *self.text("\n\n"), END_THINK, *self.text("\n\n")]

    def answer(self, turn: Exchange, thinking: bool = True) -> list[int]:
        """What the model has to write."""
        thought = [*self.text(turn.thought + "\n"), END_THINK, *self.text("\n\n")] if thinking else []
        return [*thought, *self.text(turn.answer), EOS]


class Mixture:
    """The stream of chats that is learned from."""

    def __init__(self, encoder: Encoder) -> None:
        self._rng = random.Random(SEED)
        self._encoder = encoder
        self._questions = guide.trained_questions()
        self._queue: list[tuple[guide.Entry, int, str]] = []
        self._names = list(MIXTURE.reasoning_shares)
        self._weights = list(MIXTURE.reasoning_shares.values())

    def exchange(self) -> Exchange:
        """Any turn."""
        roll = self._rng.random()
        if roll < MIXTURE.guide:
            return self._guide_turn()
        if roll < MIXTURE.guide + MIXTURE.reasoning:
            words = ALL_WORDS if self._rng.random() < MIXTURE.any_word else SPELLED_WORDS
            return reasoning_task(self._rng, self._rng.choices(self._names, self._weights)[0], words=words)
        return (
            small_talk.make_large_number(self._rng)
            if roll > 1 - MIXTURE.large_numbers
            else small_talk.make_refusal(self._rng, is_held_out=False)
        )

    def _guide_turn(self) -> Exchange:
        if not self._queue:  # every question once before any twice
            self._queue = list(self._questions)
            self._rng.shuffle(self._queue)
        entry, lang, question = self._queue.pop()
        if self._rng.random() < 0.06:
            question = guide.framed(self._rng, entry, lang) or question
        return guide.exchange(entry, lang, guide.vary(self._rng, question, lang))

    def chat(self) -> Chat:
        """The next chat; only its last answer is learned."""
        chat = self._chat(self._n_before())
        while len(chat) > SHAPE.context_length:
            chat = self._chat(self._n_before())
        return chat

    def _n_before(self) -> int:
        return (
            self._rng.randint(8, 40)
            if self._rng.random() < _LONG_CHATS
            else self._rng.choices((0, 1, 2, 3, 5), (87, 8, 3, 1, 1))[0]
        )

    def _chat(self, n_before: int) -> Chat:
        system = self._rng.choice(_SYSTEM_PROMPTS) if self._rng.random() < 0.06 else ""
        thinking = self._rng.random() > 0.1
        turn = self.exchange()
        before = [self.exchange() for _ in range(n_before)]
        before, turn = self._follow_up(before, turn)
        prompt = self._encoder.prompt([(t.question, t.answer) for t in before], turn.question, system, thinking)
        answer = self._encoder.answer(turn, thinking)
        if turn.task in ("guide", "refusal") and self._rng.random() < 0.9:
            # To recognise what is meant is the hard part; the answers, always the same, are learned from the others.
            answer = answer[: len(self._encoder.text(turn.thought)) + 3]
        return Chat(prompt, answer)

    def _follow_up(self, before: list[Exchange], turn: Exchange) -> tuple[list[Exchange], Exchange]:
        """Some questions lean on the turn before."""
        if not before or self._rng.random() > 0.35:
            return before, turn
        last = before[-1]
        if last.task == "guide":
            entry = next(e for e in guide.entries() if e.key == last.key)
            lang = 0 if last.is_chinese else 1
            asks = (
                ("In English, please.", "in English", "用英语说", "Say it in English"),
                ("In Chinese, please.", "in Chinese", "用中文说", "请用中文说一遍"),
            )[lang]
            return before, guide.exchange(entry, lang, self._rng.choice(asks))
        if last.task in ("addition", "subtraction") and 0 <= (value := int(last.result[2:])) <= 89:
            b = self._rng.randint(1, 9)
            asks = (f"plus {b}", f"and plus {b}?", f"add {b}", f"+ {b}", f"再加 {b}", f"加{b}呢？")
            return before, Exchange(
                "follow-up",
                self._rng.choice(asks),
                f"{value}+{b}: {reasoning.addition_steps(value, b)}",
                f"{value} + {b} = {value + b}",
                f"{value}+{b}",
                f"= {value + b}",
            )
        return before, turn
