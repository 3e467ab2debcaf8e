"""What is noted of a batch of keys for an audit: how many, which, when, from which key."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

from dpsctl import __version__, keys


class BatchReport:
    """Watches a batch while it is made. Ids and keys are in it as checksums alone.

    Those are what `sha256sum` says of the ids, one a line, of the output, and of the group's key
    when base64 has been decoded.
    """

    def __init__(self, group_key: str) -> None:
        self._fingerprint = sha256(keys.decode_key(group_key)).hexdigest()
        self._ids, self._output = sha256(), sha256()
        self._count = 0
        self._first: str | None = None
        self._last: str | None = None

    def take_ids(self, ids: list[str]) -> None:
        """Note ids for which something was made."""
        if ids:
            self._first = self._first or ids[0]
            self._last = ids[-1]
            self._count += len(ids)
            self._ids.update("".join(f"{text}\n" for text in ids).encode())

    def take_output(self, text: str) -> None:
        """Note what is written."""
        self._output.update(text.encode())

    def written(self, refused: int) -> bytes:
        """Return the report as JSON, for as many lines as were refused."""
        report: dict[str, Any] = {
            "program": f"dpsctl {__version__}",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "count": self._count,
            "refused": refused,
            "first": self._first,
            "last": self._last,
            "idsSha256": self._ids.hexdigest(),
            "outputSha256": self._output.hexdigest(),
            "groupKeySha256": self._fingerprint,
        }
        return (json.dumps(report, indent=2) + "\n").encode()
