"""`python tests/conformance`: the whole suite against one service (docs/conformance.md)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # the folder above, as pytest has it

from conformance.running import main  # noqa: E402 - the folder has to be known first

sys.exit(main())
