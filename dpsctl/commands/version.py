"""`dpsctl version`: what is running."""

from __future__ import annotations

import sys

from dpsctl import __version__
from dpsctl.frame.verbs import verb


@verb(
    examples=["dpsctl version", "dpsctl version --query dpsctl -o tsv"],
)
def version() -> dict[str, str]:
    """Show the versions of dpsctl and of Python."""
    return {"dpsctl": __version__, "python": ".".join(map(str, sys.version_info[:3]))}


command = version
