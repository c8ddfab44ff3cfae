"""What one chat wants of its answers, where it differs from the program's settings and the family's recommendation."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.generation import GenerateRequest
from launcher.core.models import Sampling, Thinking

_WHOLE = re.compile(r"[0-9]{1,20}|[0-9]{1,3}(?:[, \u202f][0-9]{3}){1,6}")


@dataclass(frozen=True, slots=True)
class SamplingChanges:
    """Values taken instead of the recommended ones, named as in `Sampling`; None takes the recommended one, also of another model."""

    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    top_k: int | None = None
    repeat_penalty: float | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    penalty_tokens: int | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: int | None = None

    def over(self, recommended: Sampling) -> Sampling:
        """The values in force."""
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(recommended, **given)


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Settings of one chat; every default means "as everywhere else".

    Attributes:
        model_path: the file this chat is answered with; "" for whichever is loaded.
        model_name: its name, shown when the file is gone.
        system_prompt: None for the one of the program's settings; "" for none at all.
        sampling: None for the family's recommended values.
        thinking: None for as the switch was last; only for models that can be switched.
        thinking_budget: a thought is closed after so many tokens; None is no limit.
        max_tokens: an answer (with its thought) ends after so many tokens; None is up to the end of the context.
        json_schema: JSON schema (as text) that answers follow; "" for none, "{}" for any JSON.
        json_schema_draft: what was written instead and is no schema that an answer can be held to; "" for none. It is kept so
            that it can be mended, and nothing is sent while it is there: neither without a schema nor with an older one.
    """

    model_path: str = ""
    model_name: str = ""
    system_prompt: str | None = None
    sampling: SamplingChanges | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    max_tokens: int | None = None
    json_schema: str = ""
    json_schema_draft: str = ""

    def applied(self, request: GenerateRequest) -> GenerateRequest:
        """The request as this chat wants it; its sampling is the family's."""
        return replace(
            request,
            sampling=self.sampling.over(request.sampling) if self.sampling else request.sampling,
            thinking_budget=self.thinking_budget,
            max_tokens=self.max_tokens,
            json_schema=self.json_schema,
        )

    def thinks(self, ability: Thinking | None, switch: bool = True) -> bool:
        """Whether the next answer begins with a thought.

        Args:
            ability: the model's; None while it is not known, which counts as having the choice.
            switch: where it was last, for chats that do not say.
        """
        if ability is None or ability is Thinking.SWITCH:
            return switch if self.thinking is None else self.thinking
        return ability is Thinking.ALWAYS

    def prompt_over(self, program_prompt: str) -> str:
        """The system prompt in force; "" for none."""
        return program_prompt if self.system_prompt is None else self.system_prompt

    def with_sampling(self, name: str, value: float | None) -> ChatSettings:
        """Another value of one sampling setting; None for the recommended one."""
        changes = replace(self.sampling or SamplingChanges(), **{name: value})
        return replace(self, sampling=None if changes == SamplingChanges() else changes)

    def for_new_chats(self) -> ChatSettings:
        """What new chats may begin with: neither model nor system prompt, which the program's settings have, and no draft."""
        return replace(self, model_path="", model_name="", system_prompt=None, json_schema_draft="")

    def check(self) -> None:
        """Whether something can be sent.

        Raises:
            UserError: "unfinished_schema": it would not be what was asked for.
        """
        if self.json_schema_draft:
            raise UserError(
                "unfinished_schema",
                "Nothing was sent: the JSON schema of this chat cannot be used as it is.",
                "The chat's settings say where it is wrong. Without a schema, answers are free text.",
                (NextStep("Change the schema", StepAction.CHAT_SETTINGS, "schema"),),
            )


@dataclass(frozen=True, slots=True)
class Limit:
    """Which values of a number make sense, in order of growth; `digits` behind the point are shown at most.

    Attributes:
        slider: the end of a slider over it, which may be below `high`; None for a number that is only written.
        step: of the slider.
    """

    low: float
    high: float
    digits: int = 0
    slider: float | None = None
    step: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are values."""
        return not self.digits

    def read(self, text: str) -> float | int:
        """The number of a written text, a comma for a point included.

        Raises:
            ValueError: it is none, or outside.
        """
        plain = text.strip()
        if self.is_whole and not _WHOLE.fullmatch(plain):
            raise ValueError(text)
        value = int(re.sub(r"\D", "", plain)) if self.is_whole else float(plain.replace(",", "."))
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value


SAMPLING_LIMITS = {
    "temperature": Limit(0, 5, 2, slider=2, step=0.05),
    "top_p": Limit(0, 1, 3, slider=1, step=0.01),
    "min_p": Limit(0, 1, 3, slider=0.5, step=0.01),
    "top_k": Limit(0, 1_000_000),
    "repeat_penalty": Limit(0.1, 10, 3, slider=2, step=0.01),
    "seed": Limit(0, 2**32 - 2),
    "frequency_penalty": Limit(-10, 10, 2),
    "presence_penalty": Limit(-10, 10, 2),
    "penalty_tokens": Limit(0, 1 << 20),
    "dry_multiplier": Limit(0, 10, 2),
    "dry_base": Limit(1, 10, 2),
    "dry_allowed_length": Limit(0, 1 << 20),
}
"""By the names of `Sampling`; narrower than what the engine takes."""

TOKENS_LIMIT = Limit(1, 10_000_000)
"""Of the longest answer."""

BUDGET_LIMIT = Limit(0, 10_000_000)
"""Of the longest thought."""
