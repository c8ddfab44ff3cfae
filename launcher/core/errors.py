"""The two kinds of failure: the world's (shown to the user) and ours (a bug report).

A `UserError` always says what failed, why (with the numbers) and what can be done now. The window shows the
next steps as buttons, the command line prints them as lines.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing the user can do about an error.

    Attributes:
        label: the button's text, which names the result ("Load with 13,824 context").
        action: a machine-readable intent the window knows how to carry out ("retry", "load_again",
            "free_space", "open_page", ...); empty when the label is advice that only a person can follow.
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
