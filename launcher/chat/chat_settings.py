"""What one chat wants of its answers, where it differs from the program's settings and the family's recommendation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.core.generation import GenerateRequest
from launcher.core.models import Sampling


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
    """

    model_path: str = ""
    model_name: str = ""
    system_prompt: str | None = None
    sampling: Sampling | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    max_tokens: int | None = None
    json_schema: str = ""

    def applied(self, request: GenerateRequest) -> GenerateRequest:
        """The request as this chat wants it; its sampling is the family's."""
        return replace(
            request,
            sampling=self.sampling or request.sampling,
            thinking_budget=self.thinking_budget,
            max_tokens=self.max_tokens,
            json_schema=self.json_schema,
        )
