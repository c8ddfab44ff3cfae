"""What a recommendation can aim for. Apart from the plans: Home offers the choice before there is one."""

from __future__ import annotations

from enum import StrEnum


class Goal(StrEnum):
    """What the user wants most."""

    BALANCED = "balanced"
    SMARTEST = "smartest"
    FASTEST = "fastest"
    LONGEST_CONTEXT = "longest_context"
    BIGGEST = "biggest"
