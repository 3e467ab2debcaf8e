"""Pages of a query: how many records each holds, and where the next one starts."""

from __future__ import annotations

import binascii
import json
import re

from dpsctl.emulator.answers import BAD_REQUEST, Answer, Refusal, invalid
from dpsctl.emulator.call import Call

_NUMBER = re.compile(r"[0-9]{1,10}")
_MOST = 2**31 - 1
_LAST_RECORD = 2**63 - 1  # the most that SQLite counts to


def page_answer(call: Call, kind: str, label: str | None = None) -> Answer:
    """Answer with the page of stored records that *call* asks for.

    `x-ms-continuation` is absent on the last page, for a client that gets an empty one asks for
    ever (docs/service.md#b4). Raises Refusal.
    """
    size = page_size(call.header("x-ms-max-item-count"), call.settings.page_size)
    token = call.header("x-ms-continuation")
    after = read_continuation(token, kind, label) if token else 0
    records, last = call.store.page(kind, size, after, label)
    headers = {
        "x-ms-item-type": kind,
        "x-ms-max-item-count": str(size),
        "X-Content-Type-Options": "nosniff",
    }
    if last is not None:
        headers["x-ms-continuation"] = continuation(last, kind, label)
    return Answer(body=records, headers=headers)


def page_size(wanted: str | None, largest: int) -> int:
    """Return how many records a page holds: what is *wanted*, at most *largest*.

    Raises Refusal for anything but a positive int32.
    """
    if wanted is None:
        return largest
    if not (_NUMBER.fullmatch(wanted) and 0 < int(wanted) <= _MOST):
        raise invalid("x-ms-max-item-count must be a positive number.")
    return min(int(wanted), largest)


def continuation(last: int, kind: str, label: str | None) -> str:
    """Make the token for the page after the record numbered *last*."""
    text = json.dumps([last, kind, label])
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def read_continuation(token: str, kind: str, label: str | None) -> int:
    """Return the number of the record to go on after.

    Raises Refusal for a token that another query made, or nobody: "Bad Request"
    (docs/service.md#b4).
    """
    try:
        last, *query = json.loads(binascii.a2b_base64(token, strict_mode=True))
    except (ValueError, TypeError, RecursionError):
        last, query = None, []
    if type(last) is not int or not 0 <= last <= _LAST_RECORD or query != [kind, label]:
        raise Refusal(BAD_REQUEST, "Bad Request")
    return last
