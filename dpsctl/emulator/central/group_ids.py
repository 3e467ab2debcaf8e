"""Which ids groups of IoT Central may have (docs/service.md#f2)."""

from __future__ import annotations

from collections.abc import Callable

from dpsctl.emulator.central.answers import bad_request

_LONGEST = 255


def group_id_rule(others: str) -> Callable[[str], None]:
    """Return the check that an id is letters, digits and *others*. It raises Refusal (400)."""

    def check(group_id: str) -> None:
        fits = all(
            letter.isascii() and (letter.isalnum() or letter in others) for letter in group_id
        )
        if not fits or len(group_id) > _LONGEST:
            raise bad_request(f"{group_id!r} is not a valid id")

    return check
