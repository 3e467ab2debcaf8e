"""What is shown of keys and certificates, what the service makes, and what it refuses."""

from __future__ import annotations

from base64 import b64decode, b64encode

from conformance.asking import Asking
from conformance.scenarios import asks
from conformance.visit import BY_KEY, Answer
from issuing import make_certificate


@asks("b3")
def keys_are_shown_once(ask: Asking) -> None:
    written = ask.put_group().body["attestation"]
    read = ask.call("GET", ask.group()).body["attestation"]
    asked = ask.call("POST", f"{ask.group()}/attestationmechanism")

    ask.expect(
        "what the answer to PUT shows",
        ["primaryKey", "secondaryKey"],
        sorted(written["symmetricKey"]),
    )
    ask.expect("what a GET shows", BY_KEY, read)
    ask.expect("status of attestationmechanism", 200, asked.code)
    ask.expect(
        "are its keys those of the PUT", True, asked.body["symmetricKey"] == written["symmetricKey"]
    )
    ask.expect(
        "bytes of a key that the service made",
        64,
        len(b64decode(written["symmetricKey"]["primaryKey"])),
    )


@asks("b3")
def keys_that_are_not_given_are_made_anew(ask: Asking) -> None:
    first = ask.put_group().body["attestation"]["symmetricKey"]
    second = ask.put_group(etag="*").body["attestation"]["symmetricKey"]

    ask.expect("does a PUT without keys keep them", False, first == second)


@asks("b3")
def keys_have_sixteen_to_64_bytes(ask: Asking) -> None:
    for size, expected in ((15, 400004), (16, 200), (64, 200), (65, 400004)):
        key = b64encode(bytes(range(size))).decode()
        attestation = {**BY_KEY, "symmetricKey": {"primaryKey": key, "secondaryKey": key}}
        answer = ask.put_individual(f"of-{size}", attestation=attestation)
        ask.expect(f"a key of {size} bytes", expected, answer.code)


@asks("b3")
def certificates_are_kept_by_their_info(ask: Asking) -> None:
    pem = _certificate()
    slots = {"primary": {"certificate": pem}}
    given = {"type": "x509", "x509": {"signingCertificates": slots}}
    written = ask.put_group(attestation=given).body["attestation"]
    shown = written["x509"]["signingCertificates"]["primary"]
    again = ask.put_group(etag="*", attestation=written)
    shown_other = {**shown, "info": {**shown["info"], "sha1Thumbprint": "0" * 40}}
    other = {"type": "x509", "x509": {"signingCertificates": {"primary": shown_other}}}

    ask.expect("what an answer shows of a certificate", ["info"], sorted(shown))
    ask.expect("PUT of what was answered, without the certificate", 200, again.code)
    ask.expect(
        "is the certificate kept then",
        shown["info"]["sha1Thumbprint"],
        _thumbprint(again.body),
    )
    ask.expect(
        "PUT of info with another thumbprint",
        400004,
        ask.put_group(etag="*", attestation=other).code,
    )


@asks("b3")
def attestation_may_change_its_type(ask: Asking) -> None:
    pem = _certificate()
    ask.put_group()
    given = {"type": "x509", "x509": {"signingCertificates": {"primary": {"certificate": pem}}}}
    answer = ask.put_group(etag="*", attestation=given)

    ask.expect("PUT of certificates over keys", 200, answer.code)


@asks("e1")
def certificates_are_judged(ask: Asking) -> None:
    pem = _certificate()

    def put(name: str, kind: str, slot: object) -> Answer:
        given = {"type": "x509", "x509": {kind: {"primary": slot}}}
        return ask.put_group(name, attestation=given)

    encoded = b64encode(pem.encode()).decode()
    signing, own = "signingCertificates", "clientCertificates"
    ask.expect("PEM", 200, put("a", signing, {"certificate": pem}).code)
    ask.expect("PEM in base64", 200, put("b", signing, {"certificate": encoded}).code)
    ask.expect("an empty certificate", 400, put("c", signing, {"certificate": ""}).status)
    ask.expect("a group with a device's", 400004, put("d", own, {"certificate": pem}).code)
    ask.expect("a CA that is not there", 200, put("e", "caReferences", "no-such-ca").code)


@asks("j4")
def tpm_keys_are_judged(ask: Asking) -> None:
    def put(name: str, key: str) -> int:
        return ask.put_individual(
            name, attestation={"type": "tpm", "tpm": {"endorsementKey": key}}
        ).code

    ask.expect("an endorsement key that is no base64", 400004, put("a", "no base64"))
    ask.expect("one that is no key of a TPM", 400004, put("b", b64encode(bytes(316)).decode()))
    group = ask.put_group("c", attestation={"type": "tpm", "tpm": {"endorsementKey": "AAAA"}})
    ask.expect("a group that attests by TPM", 400004, group.code)


def _certificate() -> str:
    return str(make_certificate("conformance").pem, "ascii")


def _thumbprint(body: dict[str, object]) -> object:
    found: object = body
    for name in ("attestation", "x509", "signingCertificates", "primary", "info", "sha1Thumbprint"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
