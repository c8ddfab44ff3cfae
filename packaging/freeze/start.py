"""The frozen program's first module."""

import sys

from launcher.__main__ import main

sys.exit(main())
