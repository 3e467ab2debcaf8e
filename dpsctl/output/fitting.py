"""A table's lines, no wider than the terminal: what is long is cut or folded, the last left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from dpsctl.output.cells import Cell
from dpsctl.output.columns import Kind

GAP = "  "
_BOLD = "1"
_LEAST = 12  # what is no longer than this is cut only where nothing else helps
_FOLDED = (20, 12, 2)  # what is folded has so much, if that is possible; a wide letter takes two
_CUT = frozenset({"text", "head"})


class Grid(NamedTuple):
    """A table before it has widths: cells in rows, below titles of columns, each of a kind."""

    titles: Sequence[str]
    kinds: Sequence[Kind]
    rows: Sequence[Sequence[Cell]]

    def widths(self, padding: int = 0) -> list[int]:
        """Return how wide each column is by nature; titles take *padding* more."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.titles)
        return [
            max([columns_taken(title) + padding, *(columns_taken(cell.text) for cell in column)])
            for title, column in zip(self.titles, columns, strict=True)
        ]

    def only(self, kept: Sequence[int], mark: str) -> Grid:
        """Return the columns *kept*, and behind them one with nothing but *mark* as its title."""
        rows = [[*(row[index] for index in kept), Cell("")] for row in self.rows]
        titles = [*(self.titles[index] for index in kept), mark]
        return Grid(titles, [*(self.kinds[index] for index in kept), "text"], rows)


def fitted(grid: Grid, width: int, mark: str) -> tuple[Grid, list[int]]:
    """Return *grid* and its columns' widths, so that its lines are no wider than *width*.

    If the columns do not fit even when they are cut, the last are left out, and *mark* says so;
    never the first one, nor one that is shown whole, nor any where all of them are.
    """
    widths = [min(own, width) for own in grid.widths()]
    kept = _kept(grid, widths, width, mark)
    is_whole = len(kept) == len(widths)
    room = _room(width, len(kept), "" if is_whole else mark)
    chosen = _shared_out([(widths[index], grid.kinds[index]) for index in kept], room)
    return (grid, chosen) if is_whole else (grid.only(kept, mark), [*chosen, len(mark)])


def lines(grid: Grid, widths: Sequence[int], mark: str, *, colour: bool) -> Iterator[str]:
    """Yield the lines of a table whose columns have *widths*; *mark* stands where text was cut."""
    titles = [Cell(title, _BOLD) for title in grid.titles]
    rule = [Cell("-" * width) for width in widths]
    cutting: list[Kind] = ["head"] * len(widths)
    yield from _row_lines(titles, cutting, widths, mark, colour)
    yield from _row_lines(rule, cutting, widths, mark, colour)
    for row in grid.rows:
        yield from _row_lines(row, grid.kinds, widths, mark, colour)


def columns_taken(text: str) -> int:
    """Return how many columns of a terminal *text* takes: two for a wide character, 0 for marks."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _least(width: int, kind: Kind, folded: int) -> int:
    """Return how narrow a column may be where lines that are *folded* have so much at least."""
    if kind == "whole":
        return min(width, folded)
    return min(width, _LEAST) if kind in _CUT else width


def _room(width: int, columns: int, mark: str) -> int:
    """Return what the gaps between *columns* leave of a line, and one with *mark* behind them."""
    return width - len(GAP) * (columns - 1) - (len(GAP) + len(mark) if mark else 0)


def _kept(grid: Grid, widths: Sequence[int], width: int, mark: str) -> list[int]:
    """Choose the columns that fit when each is as narrow as it can be."""
    kept = list(range(len(widths)))
    least = [_least(own, kind, _FOLDED[0]) for own, kind in zip(widths, grid.kinds, strict=True)]
    room = _room(width, len(kept), "")
    while sum(least[index] for index in kept) > room:
        spare = [index for index in kept[1:] if grid.kinds[index] != "whole"]
        if not spare or _CUT.isdisjoint(grid.kinds):
            break
        kept.remove(spare[-1])
        room = _room(width, len(kept), mark)
    return kept


def _shared_out(columns: Sequence[tuple[int, Kind]], room: int) -> list[int]:
    """Share *room* out among columns: no short one pays for a long one before it has to."""
    shared = [width for width, _ in columns]
    for folded in _FOLDED:
        shared = _shrunk(shared, [_least(*column, folded) for column in columns], room)
    return _shrunk(shared, [min(width, _FOLDED[-1]) for width in shared], room)


def _shrunk(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Take from the widest again and again, none below *least*, until all fit into *room*."""
    shrunk = list(widths)
    for _ in range(sum(shrunk) - room):
        shrinkable = [index for index, own in enumerate(shrunk) if own > least[index]]
        if not shrinkable:
            break
        shrunk[max(shrinkable, key=shrunk.__getitem__)] -= 1
    return shrunk


def _row_lines(
    row: Sequence[Cell], kinds: Sequence[Kind], widths: Sequence[int], mark: str, colour: bool
) -> Iterator[str]:
    pieces = [
        _pieces(cell.text, kind, width, mark)
        for cell, kind, width in zip(row, kinds, widths, strict=True)
    ]
    for line in zip_longest(*pieces, fillvalue=""):
        last = max((index for index, text in enumerate(line) if text), default=-1)
        yield GAP.join(
            _padded(text, width if index < last else 0, cell.colour if colour else "")
            for index, (text, width, cell) in enumerate(zip(line, widths, row, strict=True))
            if index <= last
        )


def _padded(text: str, width: int, colour: str) -> str:
    gap = " " * (width - columns_taken(text))
    return f"\x1b[{colour}m{text}\x1b[0m{gap}" if colour and text else text + gap


def _pieces(text: str, kind: Kind, width: int, mark: str) -> list[str]:
    if columns_taken(text) <= width:
        return [text]
    if kind in _CUT:
        return [_cut(text, width, mark, keep_end=kind != "head")]
    return _folded(text, width)


def _cut(text: str, width: int, mark: str, *, keep_end: bool) -> str:
    room = max(0, width - len(mark))
    behind = room // 2 if keep_end else 0
    end = _beginning(text[::-1], behind)[::-1]
    return (_beginning(text, room - behind) + mark + end)[: max(width, len(mark))]


def _beginning(text: str, room: int) -> str:
    if text.isascii():
        return text[:room]
    taken = 0
    for index, letter in enumerate(text):
        taken += columns_taken(letter)
        if taken > room:
            return text[:index]
    return text


def _folded(text: str, width: int) -> list[str]:
    """Break *text* between words, and a word that is longer than a line where the line ends."""
    pieces = []
    while text := text.lstrip(" "):
        piece = _beginning(text, width) or text[0]
        ends_in_a_word = text[len(piece) :][:1] not in {"", " "}
        if ends_in_a_word and " " in piece:
            piece = piece[: piece.rindex(" ")]
        pieces.append(piece.rstrip(" "))
        text = text[len(piece) :]
    return pieces or [""]
