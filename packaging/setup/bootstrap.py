"""What `make` runs; works without make too: `python packaging/setup/bootstrap.py run|test|check|setup|lock`.

Standard library only, and readable by an old Python, so that it can say what is missing instead of failing to start.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

OLDEST = (3, 11)
BEFORE = (3, 14)


def fits(version: Sequence[int]) -> bool:
    """This program and the libraries it is locked to run on 3.11, 3.12 and 3.13."""
    return OLDEST <= tuple(version[:2]) < BEFORE


def main() -> int:
    """Go on with this interpreter if it fits, else with one that does."""
    if fits(sys.version_info[:2]):
        from tasks import main as run_task

        return run_task(sys.argv[1:])
    for name in ("python3.13", "python3.12", "python3.11"):
        program = shutil.which(name)
        # A name on the PATH need not be a working interpreter (version managers put stand-ins there).
        if program and subprocess.call([program, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([program, __file__, *sys.argv[1:]])
    found = ".".join(str(n) for n in sys.version_info[:3])
    print("This needs Python 3.11, 3.12 or 3.13; found " + found + " and none of them beside it.", file=sys.stderr)
    print("Install one (Debian 12: apt-get install python3) and run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
