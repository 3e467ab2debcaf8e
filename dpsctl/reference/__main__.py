"""`python -m dpsctl.reference`: write man pages and completions anew; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from dpsctl.cli import tree
from dpsctl.reference.files import reference_files


def main(folder: Path, *, check: bool) -> int:
    """Bring `man/` and `completions/` in *folder* up to date; 1 if *check* finds them stale."""
    wanted = reference_files(tree())
    found = {
        path.relative_to(folder)
        for top in ("man", "completions")
        for path in (folder / top).glob("*")
    }
    stale = {path for path, text in wanted.items() if _text_of(folder / path) != text} | (
        found - wanted.keys()
    )
    for path in sorted(stale):
        print(f"{'stale' if check else 'written'}: {path}", file=sys.stderr)  # noqa: T201 - a tool
        if not check:
            _write(folder / path, wanted.get(path))
    return 1 if check and stale else 0


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), check="--check" in sys.argv[1:]))
