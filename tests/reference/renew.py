"""`python tests/reference/renew.py`: renew what pages show of the program.

The tables of docs/troubleshooting.md are the hints in the code, docs/session.svg is a session in
a terminal, run while you wait.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).parents[1]))  # where this is no test: terminal.py
sys.path.append(str(Path(__file__).parent))

from session import picture

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.payloads import registration_failures
from dpsctl.reference.topics import EXIT_CODES
from dpsctl.service import hints

ROOT = Path(__file__).parents[2]
MADE = re.compile(
    r"(<!-- (?P<what>[a-z ]+): made by make reference -->\n).*?(<!-- end -->)", re.DOTALL
)


def table(titles, rows):
    return "".join(
        f"| {' | '.join(map(str, row))} |\n" for row in (titles, ["---"] * len(titles), *rows)
    )


def failed_registrations():
    for code, meaning in registration_failures._MEANINGS.items():
        yield code, meaning, registration_failures.failure_hint(code, "")


def error_codes():
    yield from sorted(hints._HINTS.items(), key=lambda entry: str(entry[0]).ljust(6, "0"))
    yield from ((f"any other {status}", hint) for status, hint in hints._BY_STATUS.items())
    yield "any other 5xx", hints.hint_for(500, None, {})


def other_error_codes():
    yield from (("a token", status, hint) for status, hint in hints._ROLES.items())
    yield from (("a device", status, hint) for status, hint in hints._DEVICE.items())
    yield from ((f"a device with `{flag}`", 401, hint) for flag, hint in hints._DEVICE_401.items())
    yield from (("IoT Central", status, hint) for status, hint in hints._CENTRAL.items())


def tables():
    return {
        "exit codes": table(("exit code", "meaning"), EXIT_CODES.entries),
        "failed registrations": table(("code", "meaning", "what to do"), failed_registrations()),
        "error codes": table(("code", "what to do"), error_codes()),
        "other error codes": table(("who", "status", "what to do"), other_error_codes()),
    }


def renewed(page, made):
    """Put each table where the page wants it."""
    return MADE.sub(lambda found: f"{found[1]}\n{made[found['what']]}\n{found[3]}", page)


def files():
    """Return the text of each file that this program writes, as it should be."""
    page = ROOT / "docs" / "troubleshooting.md"
    settings = EmulatorSettings(hubs=(("hub-1.azure-devices.net", 1),), retry_after_seconds=0)
    with Emulator(settings) as emulator, TemporaryDirectory() as folder:
        drawn = picture(emulator.environment, Path(folder))
    return {
        page: renewed(page.read_text(encoding="utf-8"), tables()),
        ROOT / "docs" / "session.svg": drawn,
    }


def stale(wanted):
    return [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


if __name__ == "__main__":
    wanted = files()
    for path in stale(wanted):
        path.write_text(wanted[path], encoding="utf-8")
        print(f"written: {path.relative_to(ROOT)}", file=sys.stderr)  # noqa: T201 - a tool
