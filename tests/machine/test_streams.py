"""What becomes of a process' standard output on other systems."""

import io
import os
import sys

import pytest

from dpsctl.machine import streams


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        pytest.param(io.TextIOWrapper, "é\n東\n".encode(), id="redirected"),
        pytest.param(Terminal, b"\xe9\n\\u6771\n", id="terminal"),
    ],
)
def test_windows_writes_the_bytes_that_others_write(monkeypatch, kind, written):
    there = io.BytesIO()
    stdout = kind(there, encoding="cp1252", errors="backslashreplace", newline="\r\n")
    monkeypatch.setattr(sys, "stdout", stdout)

    streams.prepare()
    stdout.write("é\n東\n")
    streams.finish()

    assert there.getvalue() == written


def test_output_is_utf_8_whatever_the_system_says(run_process, tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    words = ["certificate", "root", "--cn", "東", "-o", "csv"]

    done = run_process(*words, env=environment, cwd=tmp_path, text=False)

    assert "CN=東" in done.stdout.decode()
    assert b"\r" not in done.stdout
