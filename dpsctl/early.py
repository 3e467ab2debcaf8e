"""Answer the plainest `compute-device-key --key` before anything but `dpsctl.keys` is imported.

The command tree answers the same; this room exists for its start-up time, and steps aside for
whatever it does not know, so that help, warnings and errors have one source.
"""

from __future__ import annotations

import os
import sys

from dpsctl import keys

_COMMAND = ["enrollment-group", "compute-device-key"]
_GROUP_KEY = "DPSCTL_GROUP_KEY"
_OPTIONS = {
    "--key": "key",
    "--symmetric-key": "key",
    "--registration-id": "registration_id",
    "--rid": "registration_id",
    "--output": "output",
    "-o": "output",
}
_TEMPLATES = {"json": '"{}"\n', "tsv": "{}\n"}  # base64 needs no escape in JSON


def run(argv: list[str]) -> int | None:
    """Print the device key that *argv* asks for and return 0, or return None and do nothing."""
    if argv[:2] != _COMMAND or _environment_matters():
        return None
    given = _options(argv[2:])
    if given is None or ("key" in given and _is_watched()):
        return None
    key = given.get("key") or os.environ.get(_GROUP_KEY, "")
    device_key = _derive(key, given.get("registration_id", ""))
    template = _TEMPLATES.get(given.get("output", "json"))
    if device_key is None or template is None:
        return None
    return _print(template.format(device_key))


def _environment_matters() -> bool:
    return any(name.startswith("DPSCTL_") and name != _GROUP_KEY for name in os.environ)


def _is_watched() -> bool:
    """Tell whether a person may be told that the key on the command line is not safe there."""
    return sys.stderr is not None and sys.stderr.isatty()


def _options(words: list[str]) -> dict[str, str] | None:
    """Read options with plain values, the last of each; None if there is anything else."""
    given = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals:
            value = next(rest, "")
        if name not in _OPTIONS or (equals and name == "-o") or value[:1] in {"", "-", "@"}:
            return None
        given[_OPTIONS[name]] = value
    return given


def _derive(key: str, registration_id: str) -> str | None:
    try:
        keys.check_registration_id(registration_id)
        if keys.key_length_warning(key) or keys.upper_case_warning(registration_id):
            return None
        return keys.derive_device_key(key, registration_id)
    except ValueError:
        return None


def _print(text: str) -> int | None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:  # the command tree meets the same failure, and knows how to say it
        return None
    return 0
