"""`dpsctl man`: the man pages, where no package manager installed them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from dpsctl.errors import UsageError
from dpsctl.frame.arguments import Group
from dpsctl.frame.verbs import verb
from dpsctl.options import kinds

_SECTIONS = ("1", "7")  # commands, and what belongs to none


@verb(
    examples=[
        "dpsctl man --install ~/.local/share/man",
        "dpsctl man enrollment-group create | man -l -",
    ],
    default_output="tsv",
)
def man(
    root: Group,
    words: Annotated[
        list[str] | None, Argument(metavar="[TOPIC...]", help="A command's words, or a topic.")
    ] = None,
    install: Annotated[
        str | None,
        kinds.folder(Option, "--install", help="Write all pages there, under man1 and man7."),
    ] = None,
) -> str | None:
    """Print a man page's source, or install all pages.

    A folder that is on the manpath makes `man dpsctl` work, such as ~/.local/share/man. Where a
    command and a topic share a name, a section in front says which, as with man: man 7 emulator.
    """
    from dpsctl.reference.man import man_pages
    from dpsctl.reference.tree import pages

    made = man_pages(pages(root))
    if install is not None:
        _install(made, Path(install))
        return None
    section, words = (words[0], words[1:]) if words and words[0] in _SECTIONS else ("", words)
    name = "-".join(["dpsctl", *(words or [])])
    page = next(filter(None, (made.get(f"{name}.{at}") for at in section or _SECTIONS)), None)
    if page is None:
        raise UsageError(f"There is no page {name}", "'dpsctl man' prints the first one.")
    return page


def _install(made: dict[str, str], folder: Path) -> None:
    for name, text in made.items():
        place = folder / f"man{name[-1]}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"--install {folder}: cannot write there: {error.strerror}",
                "Name a folder of yours.",
            ) from None


command = man
