"""Every generated file of the project: which there are and what stands in them."""

from __future__ import annotations

from pathlib import Path

from dpsctl.frame.arguments import Group
from dpsctl.reference.completions import completions
from dpsctl.reference.man import man_pages
from dpsctl.reference.tree import pages


def reference_files(root: Group) -> dict[Path, str]:
    """Return the text of each file in `man/` and `completions/`, made from the tree."""
    listed = list(pages(root))
    files = {Path("man") / name: text for name, text in man_pages(listed).items()}
    return files | {Path("completions") / name: text for name, text in completions(listed).items()}
