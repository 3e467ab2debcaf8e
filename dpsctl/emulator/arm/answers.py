"""Refusals in Resource Manager's shape and in that of its provider for this service."""

from __future__ import annotations

from http import HTTPStatus

from dpsctl.emulator.answers import Answer, Refusal

_PREFIX = "/subscriptions"
_UNNAMED = {429: "TooManyRequests", 500: "InternalServerError", 503: "ServerTimeout"}


class ArmRefusal(Refusal):
    """Raised when Resource Manager itself would refuse: its codes are words."""

    def __init__(self, status: int, word: str, message: str, reason: str | None = None) -> None:
        super().__init__(status * 1000, message, reason=reason)
        self.word = word


class ProviderRefusal(Refusal):
    """Raised when the provider behind it would: its codes are numbers (docs/service.md#h1)."""


def is_arm(path: str) -> bool:
    """Say whether *path* is one of Resource Manager's."""
    return f"{path.lower()}/".startswith(f"{_PREFIX}/")


def arm_answer(refusal: Refusal) -> Answer:
    """Return *refusal* as Resource Manager, or the provider, writes it."""
    status = HTTPStatus(refusal.code // 1000)
    phrase = status.phrase.replace(" ", "")
    if isinstance(refusal, ProviderRefusal):
        body = {
            "code": refusal.code,
            "httpStatusCode": phrase,
            "message": refusal.message,
            "details": None,
        }
        return Answer(status, body, refusal.headers, refusal.reason)
    word = refusal.word if isinstance(refusal, ArmRefusal) else _UNNAMED.get(status, phrase)
    error = {"code": word, "message": refusal.message}
    return Answer(status, {"error": error}, refusal.headers, refusal.reason)


def bad_request(message: str) -> ProviderRefusal:
    """Return the provider's refusal for what breaks a rule of its own."""
    return ProviderRefusal(400000, message)
