"""A UserError carries what, why and what next."""

from __future__ import annotations

from launcher.core.errors import NextStep, UserError


def test_its_text_is_what_and_why() -> None:
    error = UserError(
        "disk_full", "Not enough disk space.", "Needs 20.0 GB; 3.1 GB are free.", (NextStep("Free up space"),)
    )
    assert str(error) == "Not enough disk space. Needs 20.0 GB; 3.1 GB are free."
    assert str(UserError("x", "Only what.")) == "Only what."


def test_it_can_be_raised_with_a_cause_and_keeps_its_parts() -> None:
    error = UserError("code", "what", "why", (NextStep("label", "retry", "7"),), "detail")
    assert (error.code, error.detail, error.next_steps[0].argument) == ("code", "detail", "7")
