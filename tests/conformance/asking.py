"""What a scenario asks with: ids of its own, calls as owner or device, what it expects."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from conformance.visit import BY_KEY, VERSION, Answer, Finding, Visit

from dpsctl.keys import derive_device_key, sas_token

POLLS = 10


@dataclass
class Asking:
    """What one scenario asks with: ids of its own, calls, and what it expects of them."""

    visit: Visit
    fact: str
    name: str
    findings: list[Finding] = field(default_factory=list)

    def expect(self, question: str, expected: Any, got: Any) -> None:
        self.findings.append(Finding(self.fact, question, expected, got))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        version: str = VERSION,
    ) -> Answer:
        """Call the service API as the owner, unless *headers* say otherwise."""
        given = {"Authorization": self.visit.owner_token(), **(headers or {})}
        return self.visit.send(method, path, body, given, version)

    def id(self, name: str = "a") -> str:
        return self.visit.id_of(self.name, name)

    def group(self, name: str = "a") -> str:
        """Return the path of a group of this scenario, which is deleted in the end."""
        return self._path("enrollmentGroups", self.id(name))

    def individual(self, name: str = "a") -> str:
        """Return the path of an individual enrollment of this scenario."""
        return self._path("enrollments", self.id(name))

    def _path(self, collection: str, record_id: str) -> str:
        made = self.visit.made.setdefault(collection, [])
        if record_id not in made:
            made.append(record_id)
        return f"/{collection}/{quote(record_id, safe='')}"

    def put_group(self, name: str = "a", *, etag: str | None = None, **fields: Any) -> Answer:
        """Write a group that attests by symmetric key unless *fields* say otherwise."""
        body = {"enrollmentGroupId": self.id(name), "attestation": BY_KEY, **fields}
        return self.call("PUT", self.group(name), body, _if_match(etag))

    def put_individual(self, name: str = "a", *, etag: str | None = None, **fields: Any) -> Answer:
        """Write an individual enrollment that attests by symmetric key, as `put_group` does."""
        body = {"registrationId": self.id(name), "attestation": BY_KEY, **fields}
        return self.call("PUT", self.individual(name), body, _if_match(etag))

    def register(
        self, registration_id: str, key: str | None, version: str = VERSION, **body: Any
    ) -> Answer:
        """Register a device with its own *key*, if it has one, and ask until it is decided."""
        self.visit.made.setdefault("registrations", []).append(registration_id)
        path = f"{self._device(registration_id)}/register"
        token = {} if key is None else {"Authorization": self.device_token(registration_id, key)}
        answer = self.visit.send(
            "PUT", path, {"registrationId": registration_id, **body}, token, version
        )
        for _ in range(POLLS):
            if answer.status != 202:
                return answer
            time.sleep(float(answer.headers.get("Retry-After", 2)))
            operation = quote(answer.body["operationId"], safe="")
            path = f"{self._device(registration_id)}/operations/{operation}"
            answer = self.visit.send("GET", path, None, token, version)
        return answer

    def register_by_group(self, name: str, registration_id: str) -> Answer:
        """Register with the key derived from the primary key of a group of this scenario."""
        keys = self.call("POST", f"{self.group(name)}/attestationmechanism").body["symmetricKey"]
        return self.register(
            registration_id, derive_device_key(keys["primaryKey"], registration_id)
        )

    def device_call(self, method: str, registration_id: str, rest: str, key: str) -> Answer:
        headers = {"Authorization": self.device_token(registration_id, key)}
        return self.visit.send(method, self._device(registration_id) + rest, None, headers, VERSION)

    def device_token(self, registration_id: str, key: str) -> str:
        resource = f"{self.visit.target.id_scope}/registrations/{registration_id}"
        return sas_token(resource, key, int(time.time()) + 600, "registration")

    def _device(self, registration_id: str) -> str:
        return f"/{self.visit.target.id_scope}/registrations/{quote(registration_id, safe='')}"


def _if_match(etag: str | None) -> dict[str, str]:
    return {} if etag is None else {"If-Match": etag}
