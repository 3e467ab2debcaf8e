"""The WSGI app: faults first, then the route, its guard, its handler, and the answer written."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Request

from dpsctl.emulator.answers import FAILED, UNAVAILABLE, Answer, Refusal, write_json
from dpsctl.emulator.arm.answers import arm_answer, is_arm
from dpsctl.emulator.call import Call, Service
from dpsctl.emulator.central.answers import central_answer, is_central
from dpsctl.emulator.control import api as control
from dpsctl.emulator.faults.in_force import Trouble
from dpsctl.emulator.routes import find_route

log = logging.getLogger(__name__)


class EmulatorApp:
    """Answer requests as the service does; a WSGI callable."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, or do to it what the faults in force say."""
        request = Request(environ)
        call = Call(request, self.service)
        if f"{request.path}/".lower().startswith(control.PREFIX):
            return self._written(self._answer(call), start_response, None)
        began = time.monotonic()
        trouble = self.service.faults.trouble_for(request.method, request.path)
        if trouble.seconds and self.service.faults.hold(trouble.seconds):
            refusal = Refusal(UNAVAILABLE, "The emulator was reset while this request waited.")
            return self._written(self._refused(call, refusal), start_response, None)
        answer = self._troubled_answer(call, trouble)
        seconds = time.monotonic() - began
        self.service.log.add(request, answer, self.service.clock.timestamp(), seconds)
        return self._written(answer, start_response, trouble.breakage)

    def _troubled_answer(self, call: Call, trouble: Trouble) -> Answer:
        if trouble.refusal:
            return self._refused(call, trouble.refusal)
        answer = self._answer(call)
        if trouble.breakage:
            return replace(answer, reason=f"The emulator was asked for a {trouble.breakage}.")
        return answer

    def _answer(self, call: Call) -> Answer:
        refusal = call.request.environ.get("dpsctl.refusal")  # of a body that was not read
        if refusal:
            return self._refused(call, refusal)
        try:
            route, ids = find_route(call.request.method, call.request.path)
            route.guard(call)
            return route.handler(call, *ids)
        except Refusal as refusal:
            return self._refused(call, refusal)
        except Exception:
            log.exception("%s %s", call.request.method, call.request.path)
            return self._refused(call, Refusal(FAILED, "Internal Server Error"))

    def _refused(self, call: Call, refusal: Refusal) -> Answer:
        if is_central(call.request.path):
            return central_answer(refusal, call.clock.now())
        if is_arm(call.request.path):
            return arm_answer(refusal)
        return refusal.answer(call.clock.timestamp())

    def _written(
        self, answer: Answer, start_response: Any, breakage: str | None
    ) -> Iterable[bytes]:
        """Write *answer*; `cut` ends its JSON in the middle, `reset` the connection."""
        if isinstance(answer.body, Iterator):
            start_response(answer.status_line, list(answer.headers.items()))
            return answer.body
        body = _bytes_of(answer.body)
        half = body[: len(body) // 2]
        body = half if breakage == "cut" else body
        date = _http_date(int(self.service.clock.now()))
        headers = {"Date": date, "x-ms-request-id": str(uuid4())}
        if answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Type"] = "application/json; charset=utf-8"
            headers["Content-Length"] = str(len(body))
        headers |= answer.headers
        start_response(answer.status_line, list(headers.items()))
        return _aborted(half) if breakage == "reset" else [body]


@lru_cache(maxsize=1)
def _http_date(seconds: int) -> str:
    """Write *seconds* since 1970 as the header Date has it; of many answers in a second once."""
    return formatdate(seconds, usegmt=True)


def _bytes_of(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else write_json(body)


def _aborted(half: bytes) -> Iterator[bytes]:
    yield half
    raise ConnectionAbortedError
