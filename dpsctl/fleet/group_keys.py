"""The group's key that devices' keys are derived from, as a file holds it."""

from __future__ import annotations

from dpsctl.errors import UsageError
from dpsctl.text.json_text import NotJsonError, read_json


def group_key_of(text: str, source: str, *, secondary: bool) -> str:
    """Return the key in *text*: that alone, or one of the group as `show --show-keys` prints it.

    Raises UsageError, which starts with *source*.
    """
    if not text.lstrip().startswith("{"):
        if secondary:
            raise UsageError(
                f"{source}: --secondary needs both keys of the group",
                "Give a file of what 'enrollment-group show --show-keys' prints, or the secondary "
                "key alone and no --secondary.",
            )
        return text
    try:
        found = read_json(text)
    except NotJsonError as error:
        raise UsageError(f"{source}: {error.problem}") from None
    name = "secondaryKey" if secondary else "primaryKey"
    for step in ("attestation", "symmetricKey"):
        inner = found.get(step, found)
        found = inner if isinstance(inner, dict) else {}
    key = found.get(name)
    if not isinstance(key, str) or not key:
        raise UsageError(
            f"{source}: the group's {name} is not in it", "'show --show-keys' prints both keys."
        )
    return key
