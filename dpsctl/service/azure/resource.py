"""One provisioning service as a resource: its state, its policies, its CA certificates."""

from __future__ import annotations

import builtins
from typing import Any
from urllib.parse import quote

from dpsctl.errors import BadAnswer, Conflict, NotFound, ServiceError, UsageError
from dpsctl.service.azure.arm import Arm, in_newest
from dpsctl.service.azure.discovery import place_of
from dpsctl.service.calls import Request
from dpsctl.service.possession import OwnCertificate
from dpsctl.service.shape import CERTIFICATE, CERTIFICATES, SERVICE

Json = dict[str, Any]
# What to do about a refusal of a certificate, by its status.
_HINTS = {
    400: (
        "Is a proof's CN the newest code, signed with the certificate's key? 'dpsctl certificate "
        "certify' makes the proof itself."
    ),
    403: "Changing a service's certificates needs the role Contributor at the service.",
    404: "'dpsctl certificate list' shows which there are.",
}


class Resource:
    """A service that ARM has found."""

    def __init__(self, arm: Arm, found: Json) -> None:
        self._arm = arm
        self._found = found
        self.name = str(found.get("name"))
        self.place = place_of(found)

    @property
    def certificates(self) -> CaCertificates:
        """Return its CA certificates."""
        return CaCertificates(self._arm, f"{quote(self.place.resource_id)}/certificates")

    @property
    def id_scope(self) -> str:
        """Return what its devices name it by. Raises BadAnswer."""
        scope = (self._found.get("properties") or {}).get("idScope")
        if not scope:
            raise BadAnswer(f"ARM names no id scope for {self.name}", "Is it still being made?")
        return str(scope)

    def show(self) -> Json:
        """Read all that ARM tells of it, in the newest version that this cloud has."""
        path = quote(self.place.resource_id)
        return in_newest(lambda version: self._arm.read(path, SERVICE, version))

    def policies(self) -> list[Json]:
        """List its shared access policies with their keys."""
        return list(self._arm.policies(self.place.resource_id))

    def policy(self, name: str) -> Json:
        """Return the policy *name* with its keys. Raises NotFound."""
        policies = self.policies()
        for policy in policies:
            if str(policy.get("keyName")).lower() == name.lower():
                return policy
        there = ", ".join(str(policy.get("keyName")) for policy in policies) or "none"
        raise NotFound(
            f"--policy-name {name}: {self.name} has no such policy", 404, hint=f"There is {there}."
        )

    def connection_string(self, policy: Json, key: str) -> str:
        """Write a *policy*'s connection string with its *key*, a field. Raises BadAnswer."""
        if not policy.get(key) or not policy.get("keyName"):
            raise BadAnswer(f"ARM's policy {policy.get('keyName')} has no {key}")
        return (
            f"HostName={self.place.host};SharedAccessKeyName={policy['keyName']};"
            f"SharedAccessKey={policy[key]}"
        )


class CaCertificates:
    """The certificates that enrollment groups name as their root (docs/service.md#e4)."""

    def __init__(self, arm: Arm, path: str) -> None:
        self._arm = arm
        self._path = path

    def list(self) -> Json:
        """List them, in the object that ARM puts around them."""
        return self._arm.read(self._path, CERTIFICATES)

    def show(self, name: str) -> Json:
        """Read a certificate's properties. Raises NotFound."""
        try:
            return self._arm.read(self._at(name), CERTIFICATE)
        except NotFound as missing:
            missing.hint = _HINTS[404]
            raise

    def create(self, name: str, body: Json) -> Json:
        """Upload a certificate. Raises Conflict if there is one of that *name*."""
        if self._held(name):
            raise Conflict(
                f"The certificate {name} exists already",
                409,
                hint="'dpsctl certificate delete' it first, or choose another --certificate-name.",
            )
        return self._put(name, body)

    def delete(self, name: str, etag: str | None = None) -> Json | None:
        """Delete a certificate; in a dry run, say how."""
        return self._write("DELETE", name, etag=self._etag(name, etag)) or None

    def code(self, name: str, etag: str | None = None) -> Json:
        """Ask for a verification code, which is in the answer's properties."""
        etag = self._etag(name, etag)
        return self._write("POST", name, "/generateVerificationCode", etag=etag)

    def verify(self, name: str, proof: str, etag: str | None = None) -> Json:
        """Hand in the *proof*, base64 of a certificate whose CN is the code."""
        etag = self._etag(name, etag)
        return self._write("POST", name, "/verify", {"certificate": proof}, etag)

    def certify(self, name: str, own: OwnCertificate) -> Json | builtins.list[Json]:
        """Prove to have the key of the certificate *name*, which is uploaded if it is not there.

        One that is verified is left alone. Returns the certificate, or in a dry run the writes up
        to the code. Raises UsageError if another certificate has that name.
        """
        held = self._held(name)
        properties = (held or {}).get("properties") or {}
        if held and str(properties.get("thumbprint")).upper() != own.thumbprint:
            raise UsageError(
                f"--certificate-path: the certificate {name} is another one, "
                f"{properties.get('thumbprint')}",
                "'dpsctl certificate delete' it first, or choose another --certificate-name.",
            )
        if held and properties.get("isVerified") is True:
            return held
        if self._arm.dry_run:
            uploads = [] if held else [self._put(name, own.body)]
            return [*uploads, self.code(name, (held or {"etag": "ETAG"})["etag"])]
        if held is None:
            held = self._put(name, own.body)
        coded = self.code(name, held.get("etag"))
        code = (coded.get("properties") or {}).get("verificationCode")
        if not code:
            raise BadAnswer("The service's answer holds no verification code")
        return self.verify(name, own.prove(str(code)), coded.get("etag"))

    def _at(self, name: str) -> str:
        return f"{self._path}/{quote(name, safe='')}"

    def _put(self, name: str, body: Json) -> Json:
        return self._write("PUT", name, body=body)

    def _write(
        self,
        method: str,
        name: str,
        action: str = "",
        body: Json | None = None,
        etag: str | None = None,
    ) -> Json:
        headers = {} if etag is None else {"If-Match": etag}
        path = f"{self._at(name)}{action}"
        request = Request(method, path, body, headers, repeatable=False)
        try:
            return self._arm.write(request, CERTIFICATE)
        except ServiceError as refused:
            refused.hint = _HINTS.get(refused.status, refused.hint)
            raise

    def _held(self, name: str) -> Json | None:
        try:
            return self._arm.read(self._at(name), CERTIFICATE)
        except NotFound:
            return None

    def _etag(self, name: str, etag: str | None) -> str:
        found = etag or self.show(name).get("etag")
        if not found:
            raise BadAnswer(f"The service's certificate {name} has no etag")
        return str(found)
