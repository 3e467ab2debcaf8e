"""How devices register, and what becomes of those that may not."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from conformance.asking import Asking
from conformance.scenarios import asks
from conformance.visit import NEWEST
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.keys import derive_device_key

DATA = Path(__file__).parents[1] / "data"
ENDORSEMENT_KEY = (DATA / "endorsement-key.txt").read_text().strip()
OTHER_ENDORSEMENT_KEY = (DATA / "other-endorsement-key.txt").read_text().strip()
STORAGE_ROOT_KEY = (DATA / "storage-root-key.txt").read_text().strip()
OTHER_KEY = b64encode(bytes(range(64))).decode()


@asks("b9", "id scope")
def strangers_are_refused(ask: Asking) -> None:
    ask.put_individual()
    ask.expect("a wrong key", 401000, ask.register(ask.id(), OTHER_KEY).code)
    ask.expect("a device without an enrollment", 401000, ask.register(ask.id("b"), OTHER_KEY).code)


@asks("b9", "id scope")
def group_keys_are_no_devices_keys(ask: Asking) -> None:
    keys = ask.put_group().body["attestation"]["symmetricKey"]
    answer = ask.register(ask.id("device"), keys["primaryKey"])

    ask.expect("the group's own key", 401000, answer.code)


@asks("b9")
def devices_that_never_called_are_unassigned(ask: Asking) -> None:
    written = ask.put_individual().body
    read = ask.call("GET", ask.individual()).body

    ask.expect("does the answer to PUT show a state", False, "registrationState" in written)
    ask.expect("the status that a GET shows", "unassigned", read["registrationState"]["status"])
    ask.expect(
        "GET of the registration",
        404201,
        ask.call("GET", f"/registrations/{ask.id()}").code,
    )


@asks("b9", "id scope", "hub")
def devices_register_by_group(ask: Asking) -> None:
    ask.put_group()
    answer = ask.register_by_group("a", ask.id("device"))
    state = answer.body["registrationState"]
    kept = ask.call("GET", f"/registrations/{ask.id('device')}").body

    ask.expect("status of the operation", "assigned", answer.body["status"])
    ask.expect("hub", ask.visit.target.hub, state.get("assignedHub"))
    ask.expect("substatus", "initialAssignment", state.get("substatus"))
    ask.expect("does the registration name its group", False, "enrollmentGroupId" in kept)
    again = ask.register_by_group("a", ask.id("device")).body["registrationState"]
    ask.expect("substatus of the second time", "initialAssignment", again.get("substatus"))


@asks("b9", "id scope", "hub")
def secondary_keys_and_other_spellings(ask: Asking) -> None:
    keys = ask.put_group().body["attestation"]["symmetricKey"]
    device = ask.id("device")
    by_second = ask.register(device, derive_device_key(keys["secondaryKey"], device))
    ask.expect("a key derived from the secondary", "assigned", by_second.body.get("status"))
    capitals = device.upper()
    other = ask.register(capitals, derive_device_key(keys["primaryKey"], device))
    ask.expect("an id in capitals with the key of the other spelling", 401000, other.code)


@asks("b9", "id scope", "hub")
def disabled_devices_are_told(ask: Asking) -> None:
    keys = ask.put_individual(provisioningStatus="disabled").body["attestation"]["symmetricKey"]
    answer = ask.register(ask.id(), keys["primaryKey"])

    ask.expect("status of the answer", 200, answer.code)
    ask.expect("status of the operation", "disabled", answer.body.get("status"))


@asks("b10", "id scope", "hub")
def hubs_that_are_not_linked_fail_at_registration(ask: Asking) -> None:
    hubs = ["no-such-hub-of-mine.azure-devices.net"]
    ask.put_group(iotHubs=hubs, allocationPolicy="static")
    state = ask.register_by_group("a", ask.id("device")).body["registrationState"]

    ask.expect("status", "failed", state.get("status"))
    ask.expect("errorCode", 401001, state.get("errorCode"))


@asks("j4", "id scope")
def devices_with_a_tpm_are_challenged(ask: Asking) -> None:
    keys = {"endorsementKey": ENDORSEMENT_KEY, "storageRootKey": STORAGE_ROOT_KEY}
    ask.put_individual(attestation={"type": "tpm", "tpm": {"endorsementKey": ENDORSEMENT_KEY}})
    first = ask.register(ask.id(), None, tpm=keys)
    ask.expect("status of the first request", 401, first.status)
    ask.expect("has it an errorCode", False, "errorCode" in first.body)
    ask.expect("the key's name", "registration", first.body.get("keyName"))
    ask.expect("is there a blob", True, bool(first.body.get("authenticationKey")))
    wrong = ask.register(ask.id(), OTHER_KEY, tpm=keys)
    ask.expect("a token by another key than the blob's", 401000, wrong.code)
    other = ask.register(ask.id(), None, tpm={**keys, "endorsementKey": OTHER_ENDORSEMENT_KEY})
    ask.expect("the endorsement key of another device", 400004, other.code)


@asks("j1", "id scope", "hub")
def certificates_are_issued_by_policies_alone(ask: Asking) -> None:
    """A request where no policy is named: what comes of it is in no source."""
    keys = ask.put_individual().body["attestation"]["symmetricKey"]
    request = certificate_request(ask.id())
    answer = ask.register(ask.id(), keys["primaryKey"], NEWEST, csr=request)
    state = answer.body.get("registrationState", {})
    ask.expect("status of the operation", "assigned", answer.body.get("status"))
    ask.expect("is a certificate issued", False, "issuedCertificateChain" in state)
    older = ask.register(ask.id(), keys["primaryKey"], csr=request)
    ask.expect("the same in 2021-10-01", 400004, older.code)


def certificate_request(name: str) -> str:
    """Make a certificate request for the common name *name*: DER in base64."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder(subject).sign(key, SHA256())
    return b64encode(request.public_bytes(Encoding.DER)).decode()
