"""From exchanges to what the model reads: chats as its template writes them, in tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import guide
import reasoning
import small_talk
from exchange import Exchange
from held_out import reasoning_task
from settings import ASSISTANT, BOS, END_THINK, EOS, MIXTURE, SEED, SHAPE, THINK, USER
from tokenizers import Tokenizer
from words import ALL_WORDS, SPELLED_WORDS

# With 8 to 40 turns before: the model shall find its way in a full context too.
_LONG_CHATS = 0.0008
# How many turns a chat has before its last one, and how often.
_N_BEFORE = {0: 93, 1: 4, 2: 1.5, 3: 0.75, 5: 0.75}
# Answers that a question has and no steps lead to, and how many of them are written to their end.
_KNOWN_BY_HEART = ("guide", "refusal")
_WHOLE_ANSWERS = 0.06
# Questions of the guide that are read as another person would type them.
_VARIED = 0.55
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
    """A chat in tokens.

    Attributes:
        learned: where the tokens stand that have to be written; ranges that do not overlap.
        question: where the last question stands.
        topic: what that is about, an index of `topics()`; -1 where only the turn before tells.
    """

    tokens: list[int]
    learned: list[range]
    question: range
    topic: int

    def __len__(self) -> int:
        return len(self.tokens)

    def n_learned(self) -> int:
        """How many tokens have to be written."""
        return sum(map(len, self.learned))


class Encoder:
    """Writes chats in tokens, as the chat template does."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def text(self, text: str) -> list[int]:
        """Tokens of plain text: control tokens in it are text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def prompt(self, turns: list[tuple[str, str]], question: str, system: str = "", thinking: bool = True) -> list[int]:
        """What stands before an answer. Of earlier turns only the answers remain, without their thoughts."""
        ids = self.start(system)
        for asked, answered in turns:
            ids += self.asked(asked) + self.answered(answered)
        return ids + self.asked(question) + self.answer_start(thinking)

    def start(self, system: str) -> list[int]:
        """What every chat begins with."""
        return [BOS, *self.text(system)]

    def asked(self, question: str) -> list[int]:
        """A question and the mark behind which the answer follows."""
        return [USER, *self.text(question), ASSISTANT]

    def answer_start(self, thinking: bool) -> list[int]:
        """What the template puts before the answer: an open thought, or an empty one."""
        return [THINK, *self.text("\n")] if thinking else [THINK, *self.text("\n\n"), END_THINK, *self.text("\n\n")]

    def answered(self, answer: str) -> list[int]:
        """An answer of an earlier turn and its end."""
        return [*self.text(answer), EOS]

    def answer(self, turn: Exchange, thinking: bool = True) -> list[int]:
        """What the model has to write."""
        thought = [*self.text(turn.thought + "\n"), END_THINK, *self.text("\n\n")] if thinking else []
        return [*thought, *self.text(turn.answer), EOS]


class Mixture:
    """The stream of chats that is learned from."""

    def __init__(self, encoder: Encoder) -> None:
        self._rng = random.Random(SEED)
        self._encoder = encoder
        self._questions = guide.read_questions()
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
        if not self._queue:  # every question is read before any is read in the next round
            self._queue = list(self._questions)
            self._rng.shuffle(self._queue)
        entry, lang, question = self._queue.pop()
        if self._rng.random() < 0.06:
            question = guide.framed(self._rng, entry, lang) or question
        if self._rng.random() < _VARIED:
            question = guide.vary(self._rng, question, lang)
        return guide.exchange(entry, lang, question)

    def chat(self) -> Chat:
        """The next chat: its last answer is learned, and of those before it what follows from the question without a thought."""
        chat = self._chat(self._n_before())
        while len(chat) > SHAPE.context_length:
            chat = self._chat(self._n_before())
        return chat

    def _n_before(self) -> int:
        return (
            self._rng.randint(8, 40)
            if self._rng.random() < _LONG_CHATS
            else self._rng.choices(list(_N_BEFORE), list(_N_BEFORE.values()))[0]
        )

    def _chat(self, n_before: int) -> Chat:
        system = self._rng.choice(_SYSTEM_PROMPTS) if self._rng.random() < 0.06 else ""
        thinking = self._rng.random() > 0.1
        own_turn = self.exchange()
        before = [self.exchange() for _ in range(n_before)]
        turn = self._follow_up(before, own_turn)
        encoder, learned = self._encoder, list[range]()
        tokens = encoder.start(system)
        for earlier in before:
            tokens += encoder.asked(earlier.question)
            answered = encoder.answered(earlier.answer)
            if earlier.task in _KNOWN_BY_HEART:
                learned.append(range(len(tokens), len(tokens) + len(answered)))
            tokens += answered
        asked = encoder.asked(turn.question)
        question = range(len(tokens) + 1, len(tokens) + len(asked) - 1)
        tokens += asked + encoder.answer_start(thinking)
        answer = encoder.answer(turn, thinking)
        if turn.task in _KNOWN_BY_HEART and self._rng.random() > _WHOLE_ANSWERS:
            # To recognise what is meant is the hard part; the answers, always the same, are learned from the others.
            answer = answer[: len(encoder.text(turn.thought)) + 3]
        learned.append(range(len(tokens), len(tokens) + len(answer)))
        topic = topics()[turn.key if turn.task == "guide" else turn.task] if turn is own_turn else -1
        return Chat(tokens + answer, learned, question, topic)

    def _follow_up(self, before: list[Exchange], turn: Exchange) -> Exchange:
        """Some questions lean on the turn before."""
        if not before or self._rng.random() > 0.35:
            return turn
        last = before[-1]
        if last.task == "guide":
            entry = next(e for e in guide.entries() if e.key == last.key)
            lang = 0 if last.is_chinese else 1
            asks = (
                ("In English, please.", "in English", "用英语说", "Say it in English"),
                ("In Chinese, please.", "in Chinese", "用中文说", "请用中文说一遍"),
            )[lang]
            return guide.exchange(entry, lang, self._rng.choice(asks))
        if last.task in ("addition", "subtraction") and 0 <= (value := int(last.result[2:])) <= 89:
            b = self._rng.randint(1, 9)
            asks = (f"plus {b}", f"and plus {b}?", f"add {b}", f"+ {b}", f"再加 {b}", f"加{b}呢？")
            return Exchange(
                "follow-up",
                self._rng.choice(asks),
                f"{value}+{b}: {reasoning.addition_steps(value, b)}",
                f"{value} + {b} = {value + b}",
                f"{value}+{b}",
                f"= {value + b}",
            )
        return turn


@cache
def topics() -> dict[str, int]:
    """What a question can be about: the guide's entries, the kinds of reasoning, and the rest."""
    names = [*(entry.key for entry in guide.entries()), *reasoning.TASKS, "refusal"]
    return {name: index for index, name in enumerate(names)}
