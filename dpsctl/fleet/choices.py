"""Which flags of keys go together; the values are by flag, whoever has read the command line."""

from __future__ import annotations

from collections.abc import Mapping

from dpsctl.errors import UsageError

ONE, MANY = "--registration-id", "--registration-ids"
_SAS, _STRINGS = "--sas", "--connection-strings"
# A flag, and those of which it needs one. A variable may say the ID scope without any use for it.
_NEEDS = {
    "--id-field": [MANY],
    "--id-template": [MANY],
    "--lower": [MANY],
    "--strict": [MANY],
    "--check-duplicates": [MANY],
    "--known": [MANY],
    "--append": [MANY],
    "--report": [MANY],
    "--force": ["--out", "--report"],
    "--verify": [ONE],
    "--expires-in": [_SAS],
    _SAS: ["--id-scope"],
    "--hub": [_STRINGS],
    _STRINGS: ["--hub"],
}
_EXCLUDE = (("--verify", _SAS), ("--verify", _STRINGS), (_SAS, _STRINGS))


def check_choice(given: Mapping[str, object]) -> None:
    """Refuse flags that do not go together. Raises UsageError."""
    if (given.get(ONE) is None) == (given.get(MANY) is None):
        both = f"{ONE} and {MANY} exclude each other"
        raise UsageError(
            f"{ONE} is missing" if given.get(ONE) is None else both,
            f"{ONE} names one device, {MANY} a file of them.",
        )
    for one, other in _EXCLUDE:
        if given.get(one) and given.get(other):
            raise UsageError(f"{one} and {other} exclude each other", "Leave one of them out.")
    for flag, needed in _NEEDS.items():
        if given.get(flag) and not any(given.get(other) for other in needed):
            other = " or ".join(needed)
            raise UsageError(f"{flag} goes with {other}", f"Give {other} too, or neither.")
