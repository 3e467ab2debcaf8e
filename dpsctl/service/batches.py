"""Ten enrollments in one call, and what the service says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from dpsctl.errors import BadAnswer, DpsctlError, ServiceError, ServiceFailed, Unreachable

Json = dict[str, Any]
# The service takes ten items a call (docs/service.md#b5).
BATCH_SIZE = 10
# Error codes are a status and three more digits (docs/service.md#b6).
_CODES_PER_STATUS = 1000
_TIMED_OUT, _THROTTLED, _FAILED = 408, 429, 500
# What a service says of a whole batch when a single record of it is bad.
_BAD_BATCH = frozenset({400, 413, 422})
_ID_FIELD = "registrationId"


class Endpoint(Protocol):
    """What takes several records in one call."""

    def bulk(self, mode: str, bodies: Sequence[Json]) -> Sequence[Json]:
        """Write records and return the errors."""


class Verdict(Enum):
    """What the service said of an item; *doubtful* is what it said nothing of, good or bad."""

    done = "done"
    refused = "refused"
    doubtful = "doubtful"


@dataclass(frozen=True)
class Report:
    """What is known of an item; *failure* is what the whole call met, if its answer was lost."""

    verdict: Verdict
    code: int | None = None
    message: str | None = None
    failure: DpsctlError | None = None

    @property
    def status(self) -> int:
        """The HTTP status that the item would have been answered with alone; 0 if that is open."""
        return (self.code or 0) // _CODES_PER_STATUS

    @property
    def is_done(self) -> bool:
        """Whether the service has done it."""
        return self.verdict is Verdict.done

    @property
    def is_doubtful(self) -> bool:
        """Whether the service may have done it."""
        return self.verdict is Verdict.doubtful

    @property
    def may_pass(self) -> bool:
        """Whether another try could help: throttled, or the service failed."""
        return self.verdict is Verdict.refused and (
            self.status == _THROTTLED or self.status >= _FAILED
        )


def send_batch(endpoint: Endpoint, mode: str, bodies: Sequence[Json]) -> list[Report]:
    """Write up to BATCH_SIZE records, whose ids differ, in one call; report on each, in order.

    Nothing is sent again but the items of a batch that was refused as a whole, one by one: a bad
    record must not take the others with it. Raises ServiceError or Unreachable where the next
    records would fare no better.
    """
    try:
        errors = endpoint.bulk(mode, bodies)
    except (Unreachable, ServiceError, BadAnswer) as failure:
        if _is_answer_lost(failure):
            return [Report(Verdict.doubtful, failure=failure) for _ in bodies]
        if not isinstance(failure, ServiceError) or failure.status not in _BAD_BATCH:
            raise
        if len(bodies) == 1:
            return [_refused(failure)]
        return [send_batch(endpoint, mode, [body])[0] for body in bodies]
    return _read(bodies, errors)


def _read(bodies: Sequence[Json], errors: Sequence[Json]) -> list[Report]:
    """Read the service's complaints; what it does not complain of is done.

    A complaint that names no record makes all of those doubtful.
    """
    complaints = {str(error.get(_ID_FIELD) or "").lower(): error for error in errors}
    found = [complaints.pop(str(body[_ID_FIELD]).lower(), None) for body in bodies]
    rest = Report(Verdict.done)
    if complaints:
        unexplained = next(iter(complaints.values()))
        rest = Report(Verdict.doubtful, code_of(unexplained), _message_of(unexplained))
    return [_complained(error) if error else rest for error in found]


def _complained(error: Json) -> Report:
    return Report(Verdict.refused, code_of(error), _message_of(error))


def code_of(error: Json) -> int | None:
    """Return the service's code of an error, if it is one."""
    code = error.get("errorCode")
    return code if isinstance(code, int) else None


def _message_of(error: Json) -> str:
    return str(error.get("errorStatus") or "the service did not say why")


def _refused(error: DpsctlError) -> Report:
    code = code_of(error.details) if isinstance(error, ServiceError) else None
    return Report(Verdict.refused, code, error.message)


def _is_answer_lost(failure: DpsctlError) -> bool:
    """Tell whether the service may have done what was asked, or part of it."""
    if isinstance(failure, Unreachable):
        return failure.was_sent
    timed_out = isinstance(failure, ServiceError) and failure.status == _TIMED_OUT
    return timed_out or isinstance(failure, (ServiceFailed, BadAnswer))
