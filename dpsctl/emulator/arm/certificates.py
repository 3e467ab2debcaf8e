"""The service's CA certificates over Resource Manager, and the proof that one has their keys."""

from __future__ import annotations

import re
import secrets
from email.utils import formatdate
from typing import Any

from cryptography import x509

from dpsctl.certificates.describing import certificate_info, has_signed
from dpsctl.emulator import authorities
from dpsctl.emulator.answers import Answer, Json, Refusal
from dpsctl.emulator.arm.answers import ProviderRefusal, bad_request
from dpsctl.emulator.arm.services import Place
from dpsctl.emulator.call import Call
from dpsctl.emulator.etags import is_match, new_etag, wanted_etag
from dpsctl.emulator.x509 import common_names, read_certificate

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_CODE_BYTES = 24
_CHUNK = 1000


def list_certificates(call: Call, place: Place) -> Answer:
    """Answer with all certificates; there is one page."""
    records, _ = call.store.page(authorities.KIND, _CHUNK)
    return Answer(body={"value": [_shown(record, place) for record in records]})


def show(call: Call, place: Place, name: str) -> Answer:
    """Answer with a certificate's properties; the certificate itself is not told."""
    return Answer(body=_shown(_existing(call, name), place))


def write(call: Call, place: Place, name: str) -> Answer:
    """Set a certificate; whoever claims that it is verified need not prove it.

    One that is there is replaced if If-Match names its etag.
    """
    if not _NAME.fullmatch(name):
        raise bad_request(f"Certificate name {name!r} is invalid.")
    certificate, is_verified = _sent(call)
    now = call.clock.now()
    record = authorities.record_of(name, certificate, now, is_verified=is_verified)
    with call.store.writing():
        current = call.store.get(authorities.KIND, name)
        _check_etag(call, current)
        if current is None:
            _check_room(call)
        else:
            record |= {"name": current["name"], "created": current["created"]}
        call.store.put(authorities.KIND, name, record)
    return Answer(body=_shown(record, place))


def remove(call: Call, _: Place, name: str) -> Answer:
    """Take a certificate away. The answer is 200 without a body (docs/service.md#e4)."""
    with call.store.writing():
        _asked_for(call, name)
        call.store.delete(authorities.KIND, name)
    return Answer()


def generate_code(call: Call, place: Place, name: str) -> Answer:
    """Answer with a new code; the one before it is worth nothing any more."""
    code = secrets.token_hex(_CODE_BYTES).upper()
    with call.store.writing():
        record = _changed(call, _asked_for(call, name), code=code)
    shown = _shown(record, place)
    own = {"certificate": record["certificate"]}
    shown["properties"] = {"verificationCode": code, **shown["properties"], **own}
    return Answer(body=shown)


def verify(call: Call, place: Place, name: str) -> Answer:
    """Take the proof: a certificate whose CN is the code, signed with the certificate's key."""
    proof = _certificate_in(_object(call))
    with call.store.writing():
        record = _asked_for(call, name)
        code = record.pop("code", None)
        if code is None:
            raise bad_request("Generate a verification code first.")
        if common_names(proof) != [code]:
            raise bad_request("The certificate's CN is not the verification code.")
        if not has_signed(read_certificate(record["certificate"]), proof):
            raise bad_request(f"The certificate is not signed by the certificate {name}.")
        record = _changed(call, record, isVerified=True)
    return Answer(body=_shown(record, place))


def _check_room(call: Call) -> None:
    """Refuse a certificate beyond the service's limit (docs/service.md#c)."""
    most = call.settings.limits.ca_certificates
    if call.store.count(authorities.KIND, "") >= most:
        raise bad_request(f"The limit of {most} CA certificates is reached.")


def _existing(call: Call, name: str) -> Json:
    record = call.store.get(authorities.KIND, name)
    if record is None:
        raise ProviderRefusal(404000, f"Certificate {name} not found.")
    return record


def _asked_for(call: Call, name: str) -> Json:
    """Return the certificate that If-Match names, without which nothing is done to it."""
    record = _existing(call, name)
    if call.header("If-Match") is None:
        raise bad_request("The header If-Match is required.")
    _check_etag(call, record)
    return record


def _check_etag(call: Call, current: Json | None) -> None:
    """Refuse an If-Match that names another version, and a certificate replaced without one."""
    try:
        wanted = wanted_etag(call.header("If-Match"))
    except Refusal as refusal:
        raise bad_request(refusal.message) from None
    if current is None and wanted is None:
        return
    if current is None or wanted is None or not is_match(wanted, current["etag"]):
        raise ProviderRefusal(412000, "The certificate has another etag, or If-Match is missing.")


def _changed(call: Call, record: Json, **fields: Any) -> Json:
    date = formatdate(call.clock.now(), usegmt=True)
    changed = {**record, **fields, "updated": date, "etag": new_etag()}
    call.store.put(authorities.KIND, record["name"], changed)
    return changed


def _object(call: Call) -> Json:
    try:
        body = call.json()
    except Refusal as refusal:
        raise bad_request(refusal.message) from None
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object.")
    return body


def _sent(call: Call) -> tuple[x509.Certificate, bool]:
    """Read the certificate and whether it is claimed to be verified.

    Versions up to 2022-02-05 have both at the top of the body (docs/service.md#j3).
    """
    body = _object(call)
    properties = body.get("properties", body)
    if not isinstance(properties, dict):
        raise bad_request("properties must be an object.")
    is_verified = properties.get("isVerified")
    if not isinstance(is_verified, bool | None):
        raise bad_request("isVerified must be true or false.")
    return _certificate_in(properties), bool(is_verified)


def _certificate_in(body: Json) -> x509.Certificate:
    text = body.get("certificate")
    try:
        return read_certificate(text if isinstance(text, str) else "-")
    except Refusal:
        raise bad_request("certificate must be the base64 of an X.509 certificate.") from None


def _shown(record: Json, place: Place) -> Json:
    """Return a certificate as the provider shows it (docs/service.md#e4)."""
    certificate, name = read_certificate(record["certificate"]), record["name"]
    subject = common_names(certificate)
    return {
        "properties": {
            "subject": subject[0] if subject else certificate.subject.rfc4514_string(),
            "expiry": formatdate(certificate.not_valid_after_utc.timestamp(), usegmt=True),
            "thumbprint": certificate_info(certificate)["sha1Thumbprint"],
            "isVerified": record["isVerified"],
            "created": record["created"],
            "updated": record["updated"],
            "certificate": None,
        },
        "id": f"{place.resource_id}/certificates/{name}",
        "name": name,
        "type": "Microsoft.Devices/provisioningServices/Certificates",
        "etag": record["etag"],
    }
