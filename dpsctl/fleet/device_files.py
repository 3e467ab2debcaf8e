"""Files of devices, lists and tables alike, as commands read them: once, from the beginning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.known_ids import read_known
from dpsctl.fleet.registration_ids import Ids, read_ids
from dpsctl.fleet.tables import Table, read_table
from dpsctl.text.lines import decoded

if TYPE_CHECKING:
    from io import BufferedReader

    from dpsctl.text.values import StandardInput

_BLOCK = 1 << 16


class DeviceFile:
    """A file that is read once; `-` is standard input.

    *name* is what messages call it, *size* its bytes if they can be known, *consumed* how many of
    them have been read. Raises UsageError naming the flag *option*.
    """

    def __init__(self, path: str, option: str, stdin: StandardInput) -> None:
        self.name = "standard input" if path == "-" else path
        self.consumed = 0
        self._stream = cast("BufferedReader", stdin.or_file(path, option))
        self.size = _size_of(self._stream)

    def ids(self, rule: IdRule) -> Ids:
        """Read registration ids, as `read_ids` does."""
        return read_ids(self._pieces(), self.name, rule)

    def known_ids(self, rule: IdRule) -> Iterator[tuple[int, str]]:
        """Read the ids of an earlier batch, as `read_known` does."""
        return read_known(self._pieces(), self.name, rule)

    def table(self) -> Table:
        """Read rows, as `read_table` does."""
        return read_table(self._pieces(), self.name)

    def nothing_in_it(self, wanted: str) -> str:
        """Say that no *wanted* was found, after all has been read."""
        return f"{self.name} {f'has no {wanted}' if self.consumed else 'is empty'}"

    def _pieces(self) -> Iterator[str]:
        with self._stream:
            yield from decoded(self._read)

    def _read(self) -> bytes:
        data = self._stream.read1(_BLOCK)
        self.consumed += len(data)
        return data


def _size_of(stream: BinaryIO) -> int | None:
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None
