"""Progress is for people who look: on a terminal, and only there."""

import io

import pytest

from dpsctl.output.progress import progress
from dpsctl.run import Run


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _a_real_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")


def shown(stream, *, is_shown=True, quiet=False):
    run = Run({}, stderr=stream, quiet=quiet)
    with progress(run, "enrolling", 100, is_shown=is_shown) as advance:
        advance(50, "5 created")
    return stream.getvalue()


def test_progress_tells_a_terminal_how_far_it_is():
    text = shown(Terminal())

    assert "enrolling" in text
    assert "5 created" in text


@pytest.mark.parametrize(
    ("stream", "options"),
    [
        pytest.param(io.StringIO(), {}, id="a pipe"),
        pytest.param(Terminal(), {"is_shown": False}, id="not wanted"),
        pytest.param(Terminal(), {"quiet": True}, id="only errors wanted"),
    ],
)
def test_progress_is_silent_elsewhere(stream, options):
    assert shown(stream, **options) == ""
