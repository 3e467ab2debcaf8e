"""Answer the plainest `compute-device-key` before anything but `dpsctl.keys` is imported.

The command tree answers the same; this room exists for its start-up time, and steps aside for
whatever it does not know, so that help, warnings and errors have one source.
"""

from __future__ import annotations

import io
import os
import stat
import sys

from dpsctl import keys
from dpsctl.machine.permissions import PLAIN, exposure

_COMMAND = ["enrollment-group", "compute-device-key"]
_OPTIONS = {
    "--key": "key",
    "--symmetric-key": "key",
    "--registration-id": "registration_id",
    "--rid": "registration_id",
    "--output": "output",
    "-o": "output",
}
_TEMPLATES = {"json": '"{}"\n', "jsonl": '"{}"\n', "tsv": "{}\n"}  # base64 needs no escape in JSON
_TIMES = tuple(f"{number}{unit}" for number in range(1, 121) for unit in ("", "s", "m"))
# The variables that the command tree judges or heeds although no service is asked, and the values
# that change nothing here. In all others it minds control characters alone.
_HARMLESS = {
    "DPSCTL_AUTH_TYPE": ("key", "login"),
    "DPSCTL_CLOUD": ("china", "public", "usgov"),
    "DPSCTL_COLOR": ("always", "auto", "never"),
    "DPSCTL_DEBUG": ("0", "false"),
    "DPSCTL_ERROR_FORMAT": ("json", "text"),
    "DPSCTL_OUTPUT": (*_TEMPLATES, "csv", "jsonc", "none", "table", "yaml", "yamlc"),
    "DPSCTL_RETRIES": (*map(str, range(20)),),
    "DPSCTL_DEADLINE": _TIMES,
    "DPSCTL_SERVICE_API_VERSION": ("2021-10-01", "2026-11-01"),
    "DPSCTL_TIMEOUT": _TIMES,
    "_DPSCTL_COMPLETE": (),
}
# What a warning shows as it is: nothing here is spelled out, or looks like a secret.
_SHOWN = PLAIN | {*"@~ :;"}


class _Doubt(Exception):
    """Raised where the command tree has to decide."""


def run(argv: list[str]) -> int | None:
    """Print the device key that *argv* asks for and return 0, or return None and do nothing.

    What was read of standard input is there again then.
    """
    if argv[:2] != _COMMAND:
        return None
    try:
        answer, warning = _answer(argv[2:])
        sys.stdout.write(answer)
        sys.stdout.flush()
    except (_Doubt, KeyError, OSError, ValueError):  # the command tree meets the same, and says it
        return None
    if warning:
        _warn(warning)
    return 0


def _warn(text: str) -> None:
    try:
        sys.stderr.write(f"warning: {text}\n")
        sys.stderr.flush()
    except OSError:
        return


def _answer(words: list[str]) -> tuple[str, str | None]:
    """Return what to print, and what to warn of. Raises _Doubt, and what else may go wrong."""
    _check_environment()
    given = _options(words)
    template = _TEMPLATES[given.get("output") or os.environ.get("DPSCTL_OUTPUT") or "json"]
    registration_id = given["registration_id"]
    keys.check_registration_id(registration_id)
    key, warning = _key(given["key"]) if "key" in given else (os.environ["DPSCTL_GROUP_KEY"], None)
    if keys.key_length_warning(key) or keys.upper_case_warning(registration_id):
        raise _Doubt
    return template.format(keys.derive_device_key(key, registration_id)), warning


def _check_environment() -> None:
    for name, values in _HARMLESS.items():
        if os.environ.get(name, "") not in ("", *values):
            raise _Doubt
    for name, value in os.environ.items():
        if name.startswith(("DPSCTL_", "AZURE_")) and not value.isprintable():
            raise _Doubt


def _options(words: list[str]) -> dict[str, str]:
    """Read options that are given once, with values that begin with no dash."""
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals:
            value = next(rest, "")
        if (equals and name == "-o") or value[:1] in ("", "-") or _OPTIONS[name] in given:
            raise _Doubt
        given[_OPTIONS[name]] = value
    return given


def _key(given: str) -> tuple[str, str | None]:
    """Return the key that `--key` means, and a warning if others can read the file it is in."""
    if not given.startswith("@"):
        if sys.stderr.isatty() and not os.environ.get("DPSCTL_NO_ARGV_WARNING"):
            raise _Doubt  # a person may have to be told that it is not safe there
        return given, None
    if given == "@-":
        return _text(_standard_input()), None
    key, warning = _text(_content_of(given[1:])), exposure(given, f"--key {given}")
    if warning and (
        os.environ.get("DPSCTL_ERROR_FORMAT") == "json"
        or not _SHOWN.issuperset(warning)
        or key in given
    ):
        raise _Doubt
    return key, warning


def _text(data: bytes) -> str:
    text = data.decode("ascii")
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise _Doubt
    data = sys.stdin.buffer.read()
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))  # for the command tree, if it is to read it too
    return data


def _content_of(path: str) -> bytes:
    path = os.path.expanduser(path)  # noqa: PTH111 - pathlib costs more than all of this
    # A pipe could be read only once, and `@@` begins no file's name.
    if path.startswith("@") or not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - as above
        raise _Doubt
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        return file.read()
