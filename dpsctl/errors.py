"""Every failure a user can meet; each class knows its exit code."""

from __future__ import annotations

from typing import Any


class DpsctlError(Exception):
    """Say what went wrong and, as *hint*, what the user can do about it."""

    exit_code = 1
    kind = "error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_dict(self) -> dict[str, Any]:
        """Return the error as `--error-format json` shows it."""
        shown = {"kind": self.kind, "exitCode": self.exit_code, "message": self.message}
        return {**shown, "hint": self.hint} if self.hint else shown


class UsageError(DpsctlError):
    """Raised for input that cannot be right; nothing was sent."""

    exit_code = 2
    kind = "usage"


class Unreachable(DpsctlError):
    """Raised when no answer came: name look-up, connection, TLS or time-out.

    Where the service cannot have got any of the request, it *was_sent* not.
    """

    exit_code = 7
    kind = "network"
    was_sent = True


class BadAnswer(DpsctlError):
    """Raised when an answer came that the service would never give (a proxy's page, cut JSON)."""

    exit_code = 1
    kind = "answer"


class SomeFailed(DpsctlError):
    """Raised where a bulk operation stops at an item that failed; others may have been done."""

    exit_code = 9
    kind = "some-failed"


class StalePlan(DpsctlError):
    """Raised where a saved plan is not what would be done now."""

    exit_code = 5
    kind = "stale-plan"


class RegistrationFailed(DpsctlError):
    """Raised when the service could not assign a device to a hub."""

    exit_code = 1
    kind = "registration-failed"


class RegistrationDisabled(DpsctlError):
    """Raised when a device may not register because its enrollment is disabled."""

    exit_code = 5
    kind = "registration-disabled"


class ServiceError(DpsctlError):
    """Raised for a status the service refused a request with.

    *details* is the answer's JSON body if it had one: `errorCode`, `message`, `trackingId`
    (docs/service.md#b6), else empty. *may_have_happened* is set where an earlier try may have been
    carried out although its answer was lost.
    """

    kind = "service"

    def __init__(
        self,
        message: str,
        status: int,
        details: dict[str, Any] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.details = details or {}
        self.may_have_happened = False

    def as_dict(self) -> dict[str, Any]:
        """Return the error with the service's own words."""
        named = {
            name: self.details[name]
            for name in ("errorCode", "trackingId", "timestampUtc")
            if self.details.get(name)
        }
        return {**super().as_dict(), "status": self.status, **named}


class NotFound(ServiceError):
    """Raised for 404."""

    exit_code = 3
    kind = "not-found"


class Unauthorized(ServiceError):
    """Raised for 401 and 403, and when nobody is signed in."""

    exit_code = 4
    kind = "unauthorized"


class Conflict(ServiceError):
    """Raised for 409 and 412: it exists already, or it has changed since it was read."""

    exit_code = 5
    kind = "conflict"


class Throttled(ServiceError):
    """Raised for 429, once all retries are used up."""

    exit_code = 6
    kind = "throttled"


class ServiceFailed(ServiceError):
    """Raised for 5xx, once all retries are used up."""

    exit_code = 8
    kind = "service-failed"


# What the next record of many would meet too.
HALTING = (Unauthorized, Throttled, ServiceFailed, Unreachable)
