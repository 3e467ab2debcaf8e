"""One visit to a service, emulated or real: calls are counted and kept, what was made goes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import requests

from dpsctl.keys import sas_token

VERSION = "2021-10-01"
NEWEST = "2026-11-01"
MOST_CALLS = 200
TIDYING = 20  # calls that are left for taking away what was made
A_BULK = 10
BY_KEY = {"type": "symmetricKey"}
_SECRET_NAMES = re.compile(r"(?i)primaryKey|secondaryKey|authenticationKey|webhookUrl")
_SECRET_TEXTS = re.compile(r"(?i)(sig=)[^&\"]*")


class OutOfCallsError(Exception):
    """Raised when the calls that a run may make are used up."""


@dataclass(frozen=True)
class Target:
    """A service to ask: where it is, how to sign in, and what is linked to it."""

    host: str
    policy: str
    key: str
    endpoint: str = ""
    trust: str | bool = True
    id_scope: str | None = None
    hub: str | None = None

    @property
    def url(self) -> str:
        return self.endpoint or f"https://{self.host}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> int:
        """The errorCode of a refusal, and otherwise the status."""
        told = self.body.get("errorCode") if isinstance(self.body, dict) else None
        return int(told or self.status)


@dataclass(frozen=True)
class Finding:
    """One thing that was asked, what the emulator says of it, and what was heard."""

    fact: str
    question: str
    expected: Any
    got: Any

    @property
    def is_as_expected(self) -> bool:
        return bool(self.expected == self.got)

    def __str__(self) -> str:
        return (
            f"docs/service.md#{self.fact}: {self.question}: "
            f"expected {self.expected}, got {self.got}"
        )


@dataclass
class Visit:
    """One run against one service. Every id begins with its *prefix*; `tidy` takes them away."""

    target: Target
    prefix: str = field(default_factory=lambda: f"conformance-{token_hex(4)}")
    calls: int = 0
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, list[str]] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    _session: requests.Session = field(default_factory=requests.Session)
    _limit: int = MOST_CALLS - TIDYING

    def id_of(self, scenario: str, name: str) -> str:
        return f"{self.prefix}-{scenario}-{name}"

    def send(
        self,
        method: str,
        path: str,
        body: Any,
        headers: dict[str, str],
        version: str,
    ) -> Answer:
        """Send one call; text as *body* goes as it is, anything else as JSON."""
        if self.calls >= self._limit:
            raise OutOfCallsError(f"{MOST_CALLS} calls are enough")
        self.calls += 1
        data = body if isinstance(body, str | None) else json.dumps(body)
        answer = self._session.request(
            method,
            f"{self.target.url}{path}?api-version={version}",
            data=data,
            headers={"Content-Type": "application/json; charset=utf-8", **headers},
            timeout=60,
            verify=self.target.trust,
            allow_redirects=False,
        )
        told = Answer(answer.status_code, answer.headers, _json_or_text(answer))
        self._keep(method, path, version, body, told)
        return told

    def _keep(self, method: str, path: str, version: str, body: Any, told: Answer) -> None:
        exchange = {
            "method": method,
            "path": path,
            "apiVersion": version,
            "body": body,
            "status": told.status,
            "headers": {name: told.headers[name] for name in told.headers if _is_told(name)},
            "answer": told.body,
        }
        text = _SECRET_TEXTS.sub(r"\1***", json.dumps(_without_secrets(exchange)))
        for name, own in self._own_names():
            text = re.sub(re.escape(own), name, text, flags=re.IGNORECASE)
        self.exchanges.append(json.loads(text))

    def _own_names(self) -> Iterator[tuple[str, str]]:
        """Yield what stands for the names of this service, which are nobody else's matter."""
        yield "PREFIX", self.prefix
        for name, own in (
            ("HOST", self.target.host),
            ("SCOPE", self.target.id_scope),
            ("HUB", self.target.hub),
        ):
            if own:
                yield name, own

    def owner_token(self, **other: Any) -> str:
        """Return a token of the policy; *other* is what shall be wrong with it."""
        given = {
            "resource": self.target.host,
            "key": self.target.key,
            "expires_at": int(time.time()) + 600,
            "policy": self.target.policy,
        }
        return sas_token(**(given | other))

    def tidy(self) -> None:
        """Delete what was made, ten at a time; what stays is named in *left_behind*."""
        self._limit = MOST_CALLS
        headers = {"Authorization": self.owner_token()}
        for registration_id in self.made.pop("registrations", []):
            path = f"/registrations/{quote(registration_id, safe='')}"
            answer = self.send("DELETE", path, None, headers, VERSION)
            if answer.status not in (204, 404):
                self.left_behind.append(f"registration {registration_id}: {answer.code}")
        for collection, ids in self.made.items():
            for start in range(0, len(ids), A_BULK):
                some = [_bare(collection, one) for one in ids[start : start + A_BULK]]
                body = {collection: some, "mode": "delete"}
                answer = self.send("POST", f"/{collection}", body, headers, VERSION)
                self.left_behind += _left(collection, ids[start : start + A_BULK], answer)


def _bare(collection: str, record_id: str) -> dict[str, Any]:
    name = "registrationId" if collection == "enrollments" else "enrollmentGroupId"
    return {name: record_id, "attestation": BY_KEY}


def _left(collection: str, ids: list[str], answer: Answer) -> Iterator[str]:
    if answer.status != 200:
        yield from (f"{collection} {one}: {answer.code}" for one in ids)
        return
    for error in answer.body["errors"]:
        if int(error["errorCode"]) // 1000 != 404:
            yield f"{collection} {error}"


def _json_or_text(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text or None


def _is_told(name: str) -> bool:
    return name.lower().startswith(("x-ms-", "content-type", "retry-after", "etag", "location"))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if isinstance(value, dict):
        return {
            name: "***" if _SECRET_NAMES.fullmatch(name) and inner else _without_secrets(inner)
            for name, inner in value.items()
        }
    return value
