"""The two kinds of failure: the world's (shown to the user) and ours (a bug report).

A `UserError` always says what failed, why (with the numbers) and what can be done now. The window shows the
next steps as buttons, the command line prints them as lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepAction(StrEnum):
    """What the window can do about an error; app/application.py teaches it each of them."""

    RETRY = "retry"
    RESTART = "restart"
    REMOVE = "remove"
    LOAD_AGAIN = "load_again"
    LOAD_WITH_CONTEXT = "load_with_context"
    LOAD_WITH_KV_TYPE = "load_with_kv_type"
    LOOK_AGAIN = "look_again"
    CHOOSE_MODEL = "choose_model"
    TRY_BUILTIN = "try_builtin"
    SWITCH_MODEL = "switch_model"
    DOWNLOAD_AGAIN = "download_again"
    NEW_CHAT = "new_chat"
    EDIT_MESSAGE = "edit_message"
    CONTINUE_ANSWER = "continue_answer"
    ANSWER_AGAIN = "answer_again"
    SET_CONTEXT_POLICY = "set_context_policy"
    ENTER_TOKEN = "enter_token"  # noqa: S105 - a name, not a secret
    FREE_SPACE = "free_space"
    CHANGE_FOLDER = "change_folder"
    USE_COPY = "use_copy"
    NETWORK_SETTINGS = "network_settings"
    TEST_CONNECTION = "test_connection"
    GO_ONLINE = "go_online"
    OPEN_FOLDER = "open_folder"
    OPEN_PAGE = "open_page"
    REVEAL = "reveal"
    COPY_REPORT = "copy_report"
    CHAT_SETTINGS = "chat_settings"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing the user can do about an error.

    Attributes:
        label: the button's text, which names the result ("Load with 13,824 context").
        action: a `StepAction` that the window carries out; empty when the label is advice that only a person can follow.
        argument: what the action works on (a path, a URL, a number as text).
    """

    label: str
    action: str = ""
    argument: str = ""


class UserError(Exception):
    """Something in the world prevents the wish; the program is fine.

    Attributes:
        code: stable identifier for tests and for the window ("disk_full", "hub_unreachable").
        what: one sentence: what failed.
        why: one or two sentences with the numbers.
        next_steps: what to do now.
        detail: raw text for a report (engine log tail, HTTP status); never needed to understand the error.
    """

    def __init__(
        self,
        code: str,
        what: str,
        why: str = "",
        next_steps: tuple[NextStep, ...] = (),
        detail: str = "",
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.next_steps = next_steps
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.what} {self.why}".strip()


class BugError(Exception):
    """A broken promise inside the program. Shown as a crash report, never blamed on the user."""
