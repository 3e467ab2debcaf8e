"""The WSGI app: find the route, check the caller, call the handler, write its answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Request

from dpsctl.emulator.answers import FAILED, FORBIDDEN, Answer, Refusal, invalid, write_json
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.routes import find_route
from dpsctl.emulator.settings import OWNER_POLICY, RIGHTS
from dpsctl.emulator.tokens import read_token, unauthorized

# Those that facts.md A1 lists; the emulator answers them all alike.
API_VERSIONS = frozenset(
    {
        "2019-03-31",
        "2021-06-01",
        "2021-10-01",
        "2021-11-01-preview",
        "2025-07-01-preview",
        "2026-04-01",
        "2026-07-01-preview",
        "2026-11-01",
    }
)
log = logging.getLogger(__name__)


class EmulatorApp:
    """Answer requests as the service does; a WSGI callable."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(Call(Request(environ), self.service))
        body = b"" if answer.body is None else write_json(answer.body)
        headers = {"x-ms-request-id": str(uuid4()), **answer.headers}
        if answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Type"] = "application/json; charset=utf-8"
            headers["Content-Length"] = str(len(body))
        start_response(answer.status_line, list(headers.items()))
        return [body]

    def _answer(self, call: Call) -> Answer:
        try:
            return self._handled(call)
        except Refusal as refusal:
            return refusal.answer(call.clock.timestamp())
        except Exception:
            log.exception("%s %s", call.request.method, call.request.path)
            return Refusal(FAILED, "Internal Server Error").answer(call.clock.timestamp())

    def _handled(self, call: Call) -> Answer:
        route, ids = find_route(call.request.method, call.request.path)
        check_caller(call, route.right)
        if call.request.args.get("api-version") not in API_VERSIONS:
            raise invalid("The api-version is missing or not supported.")
        return route.handler(call, *ids)


def check_caller(call: Call, right: str) -> None:
    """Refuse a caller without a valid token (401), or whose policy lacks *right* (403).

    Whatever host `sr` names is as good as another: the emulator has many names. Raises Refusal.
    """
    token = read_token(call.header("Authorization"))
    rights = dict(call.settings.policies) | {OWNER_POLICY: RIGHTS}
    if token.policy not in rights or token.is_expired(call.clock.now()):
        raise unauthorized()
    if not token.is_signed_with(call.service.identity.key_of(token.policy)):
        raise unauthorized()
    if right not in rights[token.policy]:
        raise Refusal(FORBIDDEN, f"The policy {token.policy} lacks {right}.")
