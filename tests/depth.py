"""How many of their examples tests with very many of them try: all in `make test`, a fifth in `make check`, the short loop.

Whatever has a handful of cases tries all of them always. HYPOTHESIS_PROFILE (see conftest.py) says which loop it is.
"""

from __future__ import annotations

import os

_SHORT_IS_ONE_IN = 5


def is_short() -> bool:
    """This run is the short loop."""
    return os.environ.get("HYPOTHESIS_PROFILE") == "short"


def part(examples: int) -> int:
    """So many of the `examples` of a full run; at least one."""
    return max(1, examples // _SHORT_IS_ONE_IN) if is_short() else examples
