"""The tokenizer: byte-level BPE with DeepSeek-V3's splitting rule, digits always single."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import guide
import reasoning
import small_talk
from settings import SEED, SHAPE, SPECIAL_TOKENS
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from words import ALL_WORDS

# As llama.cpp's src/llama-vocab.cpp has it for the pre-tokenizer "deepseek-v3".
_SPLITS = (
    r"\p{N}{1,3}",
    "[一-龥぀-ゟ゠-ヿ]+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
)


def train(path: Path) -> Tokenizer:
    """Makes the vocabulary from what the model will read; the same text makes the same one."""
    tokenizer = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(rule), "isolated") for rule in _SPLITS]
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    # No merge across digits is ever learned, so that numbers stay digit by digit although the rule takes three at a time.
    digits = pre_tokenizers.Split(Regex(r"\p{N}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, *splits[1:], bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPE.n_vocab,
        special_tokens=[AddedToken(text, normalized=False, special=True) for text in SPECIAL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=14,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, bytes_])
    if tokenizer.get_vocab_size() != SHAPE.n_vocab:
        raise ValueError(f"the text makes {tokenizer.get_vocab_size()} tokens, not {SHAPE.n_vocab}")
    tokenizer.save(str(path))
    return tokenizer


def _texts() -> Iterator[str]:
    rng = random.Random(SEED)
    for entry in guide.entries():
        for lang in (0, 1):
            turn = guide.exchange(entry, lang, "")
            # Questions are read more often than any one answer.
            yield from [turn.answer, turn.thought] * 3
            for question in entry.questions[lang]:
                yield from (question, question.lower())
    for _ in range(6):
        yield from ALL_WORDS
        yield from (" " + word for word in ALL_WORDS)
    for task in reasoning.TASKS:
        for _ in range(300):
            turn = reasoning.make_task(task, rng, ALL_WORDS)
            yield from (turn.question, turn.thought, turn.answer)
    for _ in range(600):
        yield small_talk.make_refusal(rng, is_held_out=False).question
    yield from small_talk.REFUSALS * 20
