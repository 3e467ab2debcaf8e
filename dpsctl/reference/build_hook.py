"""Build hook: put man pages and completions into the wheel, where their programs look for them.

The pages are packed, as distributions pack theirs: they are much alike, and half a megabyte.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMPLETIONS = {
    "dpsctl": "bash-completion/completions",
    "dpsctl.fish": "fish/vendor_completions.d",
    "_dpsctl": "zsh/site-functions",
}


class ReferenceHook(BuildHookInterface[Any]):
    """Runs while a wheel is built; dpsctl itself cannot be imported then."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - named by hatchling
        """Name each page and script with its place under the environment's folder."""
        root = Path(self.root)
        shared = build_data["shared_data"]
        self._packed = TemporaryDirectory()
        for page in sorted((root / "man").glob("*.[17]")):
            packed = Path(self._packed.name) / f"{page.name}.gz"
            packed.write_bytes(gzip.compress(page.read_bytes(), mtime=0))
            shared[str(packed)] = f"share/man/man{page.suffix[1:]}/{packed.name}"
        for name, place in _COMPLETIONS.items():
            shared[str(root / "completions" / name)] = f"share/{place}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - named by hatchling
        """Take the packed pages away; they are in the wheel."""
        self._packed.cleanup()
