"""From a conversation to tokens, so that nothing a person typed can become a control token.

The template is rendered with a placeholder for every message. Control tokens are then looked for in the template's own
text only, and become ids directly; what lies between two of them (template words and message texts together) is tokenised
as one plain run. Benign conversations get exactly the tokens that llama.cpp would make of the whole text, word boundaries
included; a typed "<｜Assistant｜>" becomes the ordinary pieces of those characters.
"""

from __future__ import annotations

import ctypes
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.core.errors import BugError, NextStep, StepAction, UserError
from launcher.core.generation import ChatTurn, GenerateRequest
from launcher.core.models import Thinking
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.template import ChatTemplate, closes_thought, opens_thought

THOUGHT_END = "\n</think>\n\n"
"""What ends a thought, with the blanks that R1 and most others write around it."""

# enum llama_token_attr
_ATTR_UNKNOWN, _ATTR_CONTROL, _ATTR_USER_DEFINED = 1 << 0, 1 << 3, 1 << 4


class Vocabulary:
    """Text to tokens and back, for one loaded model.

    Attributes:
        special: control and user-defined tokens by their text.
        ends: the tokens that end an answer (end of sentence, end of turn, ...).
    """

    def __init__(self, binding: Binding, vocab: Any) -> None:
        self._llama = binding.llama
        self._vocab = vocab
        self.size = int(binding.llama.llama_vocab_n_tokens(vocab))
        self.special = self._special_tokens()
        self.control = frozenset(
            t for t in self.special.values() if binding.llama.llama_vocab_get_attr(vocab, t) & _ATTR_CONTROL
        )
        texts = sorted(self.special, key=len, reverse=True)
        self._special_pattern = re.compile("|".join(map(re.escape, texts))) if texts else None
        self._buffer = ctypes.create_string_buffer(1024)
        self._pieces: dict[int, bytes] = {}
        self.ends = frozenset(t for t in range(self.size) if binding.llama.llama_vocab_is_eog(vocab, t))
        # The thought's marks may be control tokens in one file and ordinary ones in the next; the splitter must see them.
        self._shown = {self.special[t] for t in ("<think>", "</think>") if t in self.special}

    def _special_tokens(self) -> dict[str, int]:
        llama = self._llama
        wanted = _ATTR_UNKNOWN | _ATTR_CONTROL | _ATTR_USER_DEFINED
        found: dict[str, int] = {}
        for token in range(self.size):
            if llama.llama_vocab_get_attr(self._vocab, token) & wanted:
                text = (llama.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace")
                if text:
                    found.setdefault(text, token)
        return found

    @property
    def bos(self) -> int | None:
        """The token that begins a text, if the model wants one."""
        token = self._llama.llama_vocab_bos(self._vocab)
        return token if token >= 0 and self._llama.llama_vocab_get_add_bos(self._vocab) else None

    def text_of(self, token: int) -> str:
        """A token's name in the vocabulary; "" for none (negative)."""
        return self._llama.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace") if token >= 0 else ""

    @property
    def bos_text(self) -> str:
        """What a template writes for `bos_token`."""
        return self.text_of(self._llama.llama_vocab_bos(self._vocab))

    @property
    def eos_text(self) -> str:
        """What a template writes for `eos_token`."""
        return self.text_of(self._llama.llama_vocab_eos(self._vocab))

    def piece(self, token: int) -> bytes:
        """The bytes a token writes; often only a part of a character. Control tokens write nothing."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._read_piece(token)
        return known

    def _read_piece(self, token: int) -> bytes:
        size = self._llama.llama_token_to_piece(
            self._vocab, token, self._buffer, len(self._buffer), 0, token in self._shown
        )
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            return self._read_piece(token)
        return self._buffer.raw[:size]

    def plain(self, text: str) -> list[int]:
        """Tokens of a text without any control token, and without BOS."""
        if not text:
            return []
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (ctypes.c_int32 * room)()
            count = self._llama.llama_tokenize(self._vocab, data, len(data), tokens, room, False, False)
            if count >= 0:
                return tokens[:count]
            room = -count

    def marked(self, text: str) -> list[int]:
        """Tokens of a text of ours, in which control tokens count."""
        tokens: list[int] = []
        for part in self.split_special(text):
            tokens += self.plain(part) if isinstance(part, str) else [part]
        return tokens

    def split_special(self, text: str) -> list[str | int]:
        """Template text as plain stretches and control token ids, in order."""
        if self._special_pattern is None:
            return [text]
        parts: list[str | int] = []
        end = 0
        for match in self._special_pattern.finditer(text):
            parts += [text[end : match.start()], self.special[match.group()]]
            end = match.end()
        return [*parts, text[end:]]


class _Joiner:
    """Collects plain text up to the next control token, then tokenises it in one go."""

    def __init__(self, vocabulary: Vocabulary, written: Mapping[str, Sequence[int]]) -> None:
        self._vocabulary = vocabulary
        self._written = written
        self._tokens: list[int] = []
        self._run = ""

    def add_template_text(self, text: str) -> None:
        """Text of the template: control tokens count."""
        for part in self._vocabulary.split_special(text):
            if isinstance(part, str):
                self._run += part
            else:
                self._flush()
                self._tokens.append(part)

    def add_content(self, text: str, role: str) -> None:
        """Text of a message: never a control token."""
        own = self._written.get(text) if role == "assistant" else None
        if own is None:
            self._run += text
        else:
            self._flush()
            self._tokens += own

    def finish(self) -> list[int]:
        """All tokens."""
        self._flush()
        return self._tokens

    def _flush(self) -> None:
        self._tokens += self._vocabulary.plain(self._run)
        self._run = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered conversation.

    Attributes:
        in_thought: the answer begins inside a thought.
        thought_closed: the template told the model not to think, or we closed the thought it opened.
        thought_end: how this template's models end a thought.
    """

    tokens: tuple[int, ...]
    in_thought: bool
    thought_closed: bool
    thought_end: str = THOUGHT_END


def make_prompt(
    vocabulary: Vocabulary,
    template: ChatTemplate,
    turns: Sequence[ChatTurn],
    thinking: bool,
    prefix: str = "",
    written: Mapping[str, Sequence[int]] | None = None,
    close_thought: bool = False,
    thought: str = "",
) -> Prompt:
    """Render and tokenise a conversation, ready for the model's answer.

    Args:
        vocabulary: of the loaded model.
        template: of the loaded model.
        turns: the conversation.
        thinking: the switch, for templates that have one.
        prefix: text the answer begins with; a thought that the template opened is closed before it.
        written: tokens of the model's own answers by their text. A model may write a text in other tokens than the
            tokeniser would (or with blanks that are not shown); giving it back its own keeps the cache's prefix.
        close_thought: a thought that the template opens is closed at once.
        thought: one that was cut off; the answer begins inside it, whether the template opens thoughts or the model does.

    Raises:
        UserError: the template does not work for this conversation, or knows no thoughts.
    """
    if thought and template.thinking is Thinking.NEVER:
        raise UserError(
            "cannot_think",
            "This thought cannot go on with this model.",
            "It answers without thinking first: its chat template has no place for a thought.",
            (NextStep("Choose another model", StepAction.CHOOSE_MODEL),),
        )
    nonce = secrets.token_hex(8)
    marks = [f"\ue000{nonce}.{i}\ue001" for i in range(len(turns))]
    messages = [{"role": turn.role, "content": mark} for turn, mark in zip(turns, marks, strict=True)]
    text = template.render(messages, thinking)
    if thought and not opens_thought(text):
        text += "<think>\n"  # as the models write it that open their thoughts themselves
    in_thought = opens_thought(text)
    # Where a template opens the thought without a line break (V3.1 and later), it ends without one as well.
    thought_end = "</think>" if text.endswith("<think>") else THOUGHT_END
    closes_now = in_thought and (close_thought or bool(prefix))
    joiner = _Joiner(vocabulary, written or {})
    for i, piece in enumerate(re.split(f"\ue000{nonce}\\.(\\d+)\ue001", text)):
        if i % 2:
            turn = turns[int(piece)]
            joiner.add_content(turn.content.strip() if template.trims_content else turn.content, turn.role)
        else:
            joiner.add_template_text(piece)
    if thought:
        joiner.add_content(thought, "thought")
    if closes_now:
        joiner.add_template_text(thought_end)
    if prefix:
        joiner.add_content(prefix, "assistant")
    tokens = joiner.finish()
    if vocabulary.bos is not None and tokens[:1] != [vocabulary.bos]:
        tokens.insert(0, vocabulary.bos)
    if not tokens:
        raise BugError("a conversation without any token")
    is_closed = closes_now or closes_thought(text) or bool(prefix)
    return Prompt(tuple(tokens), in_thought and not closes_now, is_closed, thought_end)


def prompt_of(
    request: GenerateRequest, vocabulary: Vocabulary, template: ChatTemplate, written: Mapping[str, Sequence[int]]
) -> Prompt:
    """The prompt of a request: its conversation, or the tokens that it brings.

    Raises:
        UserError: the template does not work for it, or the model does not know the tokens.
    """
    if request.prompt_tokens:
        if not 0 <= min(request.prompt_tokens) <= max(request.prompt_tokens) < vocabulary.size:
            raise UserError("bad_request", "The prompt has tokens that this model does not know.")
        return Prompt(request.prompt_tokens, in_thought=False, thought_closed=True)
    close_thought = request.thinking_budget == 0
    return make_prompt(
        vocabulary,
        template,
        request.turns,
        request.thinking,
        request.prefix,
        written,
        close_thought=close_thought,
        thought=request.thought,
    )
