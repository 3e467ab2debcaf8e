"""The trace that `--debug` writes: every exchange, with every secret masked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dpsctl.run import Run

if TYPE_CHECKING:
    from dpsctl.service.exchange import Reply


def trace_request(
    run: Run, method: str, url: str, headers: Mapping[str, str], body: Any, attempt: int
) -> None:
    """Write what is about to be sent; the Authorization header is never part of it."""
    if not run.debug:
        run.say(f"{method} {url}")
        return
    again = f"  (try {attempt + 1})" if attempt else ""
    run.trace(f"> {method} {url}{again}")
    for name, value in headers.items():
        run.trace(f"> {name}: {value}")
    if body is not None:
        run.trace(f"> {_shown(run, body)}")


def trace_answer(run: Run, reply: Reply, seconds: float) -> None:
    """Write what came back."""
    if not run.debug:
        return
    run.trace(f"< {reply.status} {reply.reason}  ({seconds * 1000:.0f} ms)")
    for name, value in run.masker.mask_fields(dict(reply.headers)).items():
        run.trace(f"< {name}: {value}")
    try:
        run.trace(f"< {_shown(run, json.loads(reply.content))}")
    except (ValueError, RecursionError):
        run.trace(f"< ({len(reply.content)} bytes that are not JSON)")


def _shown(run: Run, body: Any) -> str:
    return json.dumps(run.masker.mask_fields(body), ensure_ascii=False)
