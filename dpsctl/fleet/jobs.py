"""The processes of `--jobs`: ids are dealt out to them in turn, and rows come back in order."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import ExitStack, suppress
from typing import IO, Any

import dpsctl
from dpsctl.errors import DpsctlError
from dpsctl.fleet.registration_ids import Chunk
from dpsctl.fleet.rows import Recipe, Rows, packed

# The group's key passes through these processes. -I and -S keep them from running what stands in
# the current folder, in PYTHONPATH or in a .pth file; where dpsctl is, they look last.
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from dpsctl.fleet.rows import serve; serve()"
_PLACE = os.path.abspath(f"{dpsctl.__file__}/../..")  # noqa: PTH100 - may be inside an archive
_GROUP_OF_ITS_OWN = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # as Windows calls it


def spread(
    recipe: Recipe, chunks: Iterable[Chunk], jobs: int
) -> Generator[tuple[Chunk, Rows], None, None]:
    """Make the rows of each chunk in *jobs* processes, in order.

    Each has one chunk at a time, so a slow reader of the rows holds the input back. Raises
    DpsctlError if a process is ended from outside.
    """
    busy: deque[tuple[Chunk, _Process]] = deque()
    with ExitStack() as running:
        for chunk in chunks:
            done = None
            if len(busy) < jobs:
                process = running.enter_context(_Process())
                running.callback(process.stop)
                process.give(vars(recipe))
            else:
                earlier, process = busy.popleft()
                done = earlier, process.take()
            process.give(packed(chunk.ids))
            busy.append((chunk, process))
            if done:
                yield done
        for chunk, process in busy:
            yield chunk, process.take()


class _Process(subprocess.Popen[bytes]):
    """A process that makes rows; whatever becomes of its parent, it ends when its input does.

    Ctrl-C reaches the parent alone.
    """

    stdin: IO[bytes]
    stdout: IO[bytes]

    def __init__(self) -> None:
        super().__init__(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, _PLACE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
            creationflags=_GROUP_OF_ITS_OWN,
        )

    def stop(self) -> None:
        self.kill()
        with suppress(OSError):  # what it did not read is lost with it
            self.stdin.close()

    def give(self, value: Any) -> None:
        try:
            self.stdin.write(marshal.dumps(value))
            self.stdin.flush()
        except OSError:
            raise _ended() from None

    def take(self) -> Rows:
        try:
            return Rows(**marshal.load(self.stdout))  # noqa: S302 - from our own child
        except EOFError:
            raise _ended() from None


def _ended() -> DpsctlError:
    return DpsctlError("one of the --jobs processes was ended from outside", "Was memory short?")
