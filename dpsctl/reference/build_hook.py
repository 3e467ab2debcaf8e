"""Build hook: put man pages and completions into the wheel, where their programs look for them."""

from __future__ import annotations

from pathlib import Path
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
        for page in sorted((root / "man").glob("*.[17]")):
            shared[str(page)] = f"share/man/man{page.suffix[1:]}/{page.name}"
        for name, place in _COMPLETIONS.items():
            shared[str(root / "completions" / name)] = f"share/{place}/{name}"
