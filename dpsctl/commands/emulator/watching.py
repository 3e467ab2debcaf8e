"""What a person sees of an emulator that runs: a line for each request, its page in a browser."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpsctl.masking import mask_keys
from dpsctl.run import Run
from dpsctl.text.controls import spelled_out

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator

_TO_MILLISECONDS = len("2026-11-28T12:00:00.000")
# A token among the arguments of a browser would be everybody's to read, so it is led there.
_LEADING = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={page}">
<title>dpsctl emulator</title>
<a href="{page}">The emulator's page</a>
"""


class RequestLines:
    """Print a line on stderr for each request, without secrets; a reader may go away."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def hide_secrets_of(self, emulator: Emulator) -> None:
        """Mask the emulator's keys and tokens wherever a request names one."""
        for secret in (
            emulator.policy_key,
            emulator.central_token,
            emulator.access_token,
            emulator.control_token,
        ):
            self._run.masker.add(secret)

    def __call__(self, request: dict[str, Any]) -> None:
        """Print the line of *request*, as the emulator's log has it."""
        words = [
            request["timestampUtc"][:_TO_MILLISECONDS].rstrip("Z") + "Z",
            *("MQTT" for _ in range(request["protocol"] == "MQTT")),
            request["method"],
            self._run.masker.mask(request["path"]),
            str(request["status"]),
            f"{request['ms']:.1f}ms",
            mask_keys(self._run.masker.mask(request["reason"] or "")),
        ]
        line = spelled_out(" ".join(filter(None, words)))
        with suppress(OSError, ValueError):
            self._run.stderr.write(f"{line}\n")
            self._run.stderr.flush()


def open_page(run: Run, emulator: Emulator) -> None:
    """Show the page in the user's browser, or say where it is."""
    address = emulator.page.partition("#")[0]
    if not _opened(_leading_to(emulator), run):
        run.warn(
            f"--open: there is no browser here: open {address} in one; with `page` of the line "
            "above as its address it may change something too"
        )


def _leading_to(emulator: Emulator) -> Path:
    """Write a file, for its user alone, that leads a browser to the page."""
    from dpsctl.machine.private_files import private_file

    path = Path(emulator.ready_for_others()["folder"]) / "page.html"
    with private_file(str(path), "the file that leads to the page", replace=True) as file:
        file.write(_LEADING.format(page=emulator.page))
    return path


def _opened(path: Path, run: Run) -> bool:
    """Say whether a browser with windows was started; one in the terminal would take it over."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    has_windows = type(browser) is not webbrowser.GenericBrowser
    return (has_windows or bool(run.environ.get("BROWSER"))) and browser.open(path.as_uri())
