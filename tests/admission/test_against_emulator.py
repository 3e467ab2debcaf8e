"""What explain says, and what the emulator does with the same device: they share no rule."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from hypothesis import given, settings
from hypothesis import strategies as st
from issuing import make_certificate

from dpsctl.admission.judging import explain
from dpsctl.admission.known import Device
from dpsctl.commands.device.service_records import read_service
from dpsctl.emulator.environment import client_environment
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.keys import derive_device_key, sas_token
from dpsctl.options.connection import Connection
from dpsctl.run import Run

HUBS = ("hub-1.azure-devices.net", "hub-2.azure-devices.net")
KEYS = [
    "Zmlyc3Qta2V5LW9mLXRoZS10ZXN0cw==",
    "c2Vjb25kLWtleS1vZi10aGUtdGVzdHM=",
    "dGhpcmQta2V5LW9mLXRoZS10ZXN0cw==",
]
TPM_KEY = Path(__file__).parents[1].joinpath("data/endorsement-key.txt").read_text("utf-8").strip()
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
NO_SIGNATURE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=True,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
ROOT = make_certificate("root")
LINE = make_certificate("line", ROOT)
AUTHORITIES = {
    "root": ROOT,
    "other root": make_certificate("other-root"),
    "namesake": make_certificate("root"),
    "line": LINE,
    "expired": make_certificate("expired", ROOT, age=20, days=-10),
    "no CA": make_certificate("no-ca", ROOT, ca=False),
    "short": make_certificate("short", ROOT, path_length=0),
    "odd": make_certificate("odd", ROOT, more=[UNKNOWN]),
}
AUTHORITIES["below short"] = make_certificate("below-short", AUTHORITIES["short"])
LEAVES = {
    **{f"by {name}": make_certificate("d1", by, ca=False) for name, by in AUTHORITIES.items()},
    "its own": make_certificate("d1", ca=False),
    "of the past": make_certificate("d1", LINE, ca=False, age=20, days=-10),
    "another's": make_certificate("d2", LINE, ca=False),
    "of two names": make_certificate("CN=d1+CN=d2,O=Acme", LINE, ca=False),
    "of no name": make_certificate("O=Acme", LINE, ca=False),
    "upper case": make_certificate("D1", LINE, ca=False),
    "for no signature": make_certificate("d1", LINE, ca=False, more=[NO_SIGNATURE]),
    "for servers": make_certificate(
        "d1", LINE, ca=False, more=[x509.ExtendedKeyUsage([Purpose.SERVER_AUTH])]
    ),
    "strange": make_certificate("d1", LINE, ca=False, more=[UNKNOWN]),
}
# The authorities above a leaf, the nearest first.
BY = {
    "by line": ["line", "root"],
    "by root": ["root"],
    "by short": ["short", "root"],
    "by below short": ["below short", "short", "root"],
    "by namesake": ["namesake"],
    "by expired": ["expired", "root"],
    "upper case": ["line", "root"],
}
# What the emulator's log says where explain gives this reason for a refusal.
NOBODY = r".*No enrollment trusts who issued .*"
FAULT = r"(has not signed|expired on|is no authority|path length|critical extension)"
REASONS = {
    "idScope": r"The id scope is .*",
    "tpm": r".*",
    "commonName": r".*common name.*",
    "period": r"'CN=d1' expired on .*",
    "keyUsage": r".*key usage without.*",
    "extensions": r".*critical extension that is not known.*",
    "issuer": rf".*{FAULT}.*No enrollment trusts who issued .*",
    "noIssuer": r"No enrollment trusts who issued .*",
    "chainCut": r"No enrollment trusts who issued .*",
    "otherCertificate": NOBODY,
    "noGroup": r"The token is not signed with a key derived from one of a group's\.",
    "otherKey": r"The token is not signed with a key of the individual enrollment\.",
    "noEnrollment": r".*",
}
FAILURES = {"noHub": 400208, "hubNotLinked": 401001}


class Shown(NamedTuple):
    """How a device calls: its id and scope as it spells them, a key, or the names of a chain."""

    registration_id: str
    is_of_scope: bool
    key: str | None
    leaf: str | None
    above: list


def mostly(usual, *others):
    """Draw what is usual, or now and then one of the others: chance alone hits no right key."""
    return st.sampled_from([usual] * 3 * max(1, len(others)) + list(others))


keys = st.sampled_from(KEYS)
states = mostly({}, {"provisioningStatus": "enabled"}, {"provisioningStatus": "disabled"})
allocations = mostly(
    {},
    {"allocationPolicy": "static", "iotHubs": [HUBS[0]]},
    {"allocationPolicy": "hashed", "iotHubs": [HUBS[1].upper(), "hub-9.azure-devices.net"]},
    {"allocationPolicy": "hashed", "iotHubs": ["hub-9.azure-devices.net"]},
    {"iotHubHostName": "hub-9.azure-devices.net"},
)
neither = st.sampled_from([{"type": "none"}, {"type": "tpm", "tpm": {"endorsementKey": TPM_KEY}}])


def symmetric(primary, secondary):
    pair = {"primaryKey": primary, "secondaryKey": secondary}
    return {"type": "symmetricKey", "symmetricKey": pair}


def referring(name):
    return {"type": "x509", "x509": {"caReferences": {"primary": name}}}


def certified(way, *made):
    slots = zip(("primary", "secondary"), made, strict=False)
    held = {slot: {"certificate": one.pem.decode()} for slot, one in slots}
    return {"type": "x509", "x509": {way: held}}


references = st.sampled_from(["proved", "unproved", "missing"]).map(referring)
symmetrics = st.builds(symmetric, keys, keys)
signers = st.lists(st.sampled_from(sorted(AUTHORITIES)), min_size=1, max_size=2).map(
    lambda names: certified("signingCertificates", *(AUTHORITIES[name] for name in names))
)
clients = st.sampled_from(sorted(LEAVES)).map(
    lambda name: certified("clientCertificates", LEAVES[name])
)


@st.composite
def services(draw, of_groups, of_individuals):
    """Records of a service: groups of any kind, in any state, and individual enrollments."""
    held = {"enrollmentGroups": [], "enrollments": []}
    for number in range(draw(st.integers(1, 4))):
        record = {"enrollmentGroupId": f"g{number}", "attestation": draw(of_groups)}
        held["enrollmentGroups"].append(record | draw(allocations) | draw(states))
    for registration_id in draw(mostly([], ["d1"], ["D1", "d2"], ["d2"])):
        record = {"registrationId": registration_id, "attestation": draw(of_individuals)}
        held["enrollments"].append(record | draw(allocations) | draw(states))
    return held


@st.composite
def with_keys(draw):
    """A service, and a device whose key is the right one of it, or a wrong one that people give."""
    held = draw(services(symmetrics | symmetrics | signers, symmetrics | clients | neither))
    registration_id = draw(mostly("d1", "D1"))
    key = draw(keys)
    derived = derive_device_key(key, registration_id)
    wrong = [derive_device_key(derived, registration_id), derive_device_key(key, "d2")]
    wrong += [derive_device_key(key, registration_id.swapcase())]
    has_own = any(one["registrationId"].lower() == "d1" for one in held["enrollments"])
    shown = draw(mostly(key if has_own else derived, derived, key, *wrong))
    return held, Shown(registration_id, draw(mostly(True, False)), shown, None, [])


@st.composite
def with_certificates(draw):
    """A service, and a device whose chain leads to what it trusts, or nearly so."""
    held = draw(services(signers | signers | references, clients | references | neither))
    leaf = draw(st.sampled_from(sorted(BY)) | st.sampled_from(sorted(LEAVES)))
    above = draw(mostly(BY.get(leaf, ["line", "root"]), [], ["root"], sorted(AUTHORITIES)))
    above = draw(st.permutations(above)) if draw(mostly(False, True)) else above
    return held, Shown(draw(mostly("d1", "D1")), draw(mostly(True, False)), None, leaf, [*above])


@pytest.fixture(scope="module", params=[HUBS, ()], ids=["hubs", "no hub"])
def bench(request, tmp_path_factory):
    """A service with one CA certificate that somebody has proved to own."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "root.pem").write_bytes(ROOT.pem)
    linked = tuple((hub, 1) for hub in request.param)
    proved = (("proved", str(folder / "root.pem")),)
    with Emulator(EmulatorSettings(hubs=linked, cas=proved)) as service:
        own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        own |= {"REQUESTS_CA_BUNDLE": str(service.ca_file)}  # that of all the world takes long
        yield Bench(service, client_environment(service.ready(), {}, folder) | own, folder)


class Bench(NamedTuple):
    """A service, how to get at it, and a folder for what a device shows."""

    service: Emulator
    environment: dict
    folder: Path

    def check(self, held, shown):
        self.service.reset()
        self.service.seed(held)
        if '"unproved"' in json.dumps(held):
            assert self.upload("unproved", ROOT) == 200
        found = self.explained(shown)
        status, error, reason = self.registered(shown)
        said = found.as_dict()

        verdicts = {"registers": "assigned", "fails": "failed"}
        told = f"{found.summary} - {status} {error} {reason}"
        assert verdicts.get(said["verdict"], said["verdict"]) == status, told
        assert found.is_kept_out == (status != "assigned")
        if status == "assigned":
            taker = said["enrollment"]
            assert (taker["id"] if taker["kind"] == "enrollmentGroup" else None) == error, told
        if status == "failed":
            assert FAILURES[said["reason"]] == error, told
        if status == "refused":
            wanted = REASONS.get(said["reason"]) or mistaken(said, held, shown)
            assert re.fullmatch(wanted, reason), told

    def explained(self, shown):
        chain = [AUTHORITIES[name] for name in shown.above]
        chain = [LEAVES[shown.leaf], *chain] if shown.leaf else []
        device = Device(
            shown.registration_id,
            self.scope_of(shown),
            shown.key,
            [one.certificate for one in chain],
        )
        connection = Connection(login=self.service.connection_string)
        known = read_service(device, connection, Run(self.environment), 2)
        at_hand = [made.certificate for made in AUTHORITIES.values()]
        return explain(device, replace(known, certificates=at_hand), datetime.now(UTC))

    def registered(self, shown):
        """Let the device register: return its status, error code or group, and the log's reason."""
        headers, pem = {}, None
        path = f"{self.scope_of(shown)}/registrations/{shown.registration_id}"
        if shown.key is not None:
            headers = {"Authorization": sas_token(path, shown.key, 2**33, "registration")}
        else:
            leaf = LEAVES[shown.leaf]
            chain = [leaf.pem, *(AUTHORITIES[name].pem for name in shown.above), leaf.key_pem()]
            pem = self.folder / "shown.pem"
            pem.write_bytes(b"".join(chain))
        with requests.Session() as session:
            session.trust_env = False
            traits = {
                "params": {"api-version": "2021-10-01"},
                "headers": headers,
                "json": {"registrationId": shown.registration_id},
                "verify": self.service.ca_file,
                "cert": pem and str(pem),
                "timeout": 10,
            }
            answer = session.put(f"{self.service.endpoint}/{path}/register", **traits)
            reason = self.service.requests()[-1]["reason"]
            if answer.status_code == 401:
                return "refused", answer.json().get("errorCode"), reason
            state = session.post(f"{self.service.endpoint}/{path}", **traits).json()
        group = state.get("symmetricKey") or state.get("x509") or {}
        return state["status"], state.get("errorCode", group.get("enrollmentGroupId")), reason

    def upload(self, name, made):
        """Upload a CA certificate that nobody proves to own."""
        place = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/provisioningServices"
        return requests.put(
            f"{self.service.endpoint}{place}/any/certificates/{name}",
            params={"api-version": "2021-10-15"},
            headers={"Authorization": f"Bearer {self.service.ready()['accessToken']}"},
            json={"properties": {"certificate": b64encode(made.pem).decode()}},
            verify=self.service.ca_file,
            timeout=10,
        ).status_code

    def scope_of(self, shown):
        return self.service.id_scope if shown.is_of_scope else "0ne00BAD"


def mistaken(said, held, shown):
    """Say what the log has where explain recognised the mistake itself."""
    if shown.key is None:
        assert said["reason"] == "otherAttestation"
        return NOBODY
    has_own = any(one["registrationId"].lower() == "d1" for one in held["enrollments"])
    return REASONS["otherKey" if has_own else "noGroup"]


def trusting(*names, individual=None, **fields):
    """Records of a service with a group for each authority, and the device's own enrollment."""
    attestations = [certified("signingCertificates", AUTHORITIES[name]) for name in names]
    return {
        "enrollmentGroups": [
            {"enrollmentGroupId": f"g{number}", "attestation": attestation, **fields}
            for number, attestation in enumerate(attestations)
        ],
        "enrollments": [{"registrationId": "d1", "attestation": individual}] if individual else [],
    }


def keyed(individual=None, **fields):
    group = {"enrollmentGroupId": "g0", "attestation": symmetric(*KEYS[:2]), **fields}
    return {**trusting(individual=individual), "enrollmentGroups": [group]}


def key_of(key, registration_id="d1"):
    return Shown(registration_id, True, key, None, [])


def chain_of(leaf, *above):
    return Shown("d1", True, None, leaf, [*above])


DERIVED = derive_device_key(KEYS[1], "d1")
OWN = symmetric(KEYS[2], KEYS[2])
FAR = {"allocationPolicy": "hashed", "iotHubs": ["hub-9.azure-devices.net"]}
NEAR = {"allocationPolicy": "hashed", "iotHubs": [HUBS[1].upper(), "hub-9.azure-devices.net"]}
# Each rule by itself: chance meets some of them rarely.
CASES = {
    "derived": (keyed(), key_of(DERIVED)),
    "derived for another spelling": (keyed(), key_of(DERIVED, "D1")),
    "of a disabled group": (keyed(provisioningStatus="disabled"), key_of(DERIVED)),
    "hub that is linked, in upper case": (keyed(**NEAR), key_of(DERIVED)),
    "hub that is not linked": (keyed(**FAR), key_of(DERIVED)),
    "derived, but enrolled by itself": (keyed(OWN), key_of(DERIVED)),
    "its own": (keyed(OWN), key_of(KEYS[2])),
    "key, but enrolled by certificate": (
        keyed(certified("clientCertificates", LEAVES["by root"])),
        key_of(DERIVED),
    ),
    "key of a device with a TPM": (
        keyed({"type": "tpm", "tpm": {"endorsementKey": TPM_KEY}}),
        key_of(DERIVED),
    ),
    "certificate, but enrolled by key": (trusting("root", individual=OWN), chain_of("by root")),
    "certificate enrolled": (
        trusting(individual=certified("clientCertificates", LEAVES["its own"])),
        chain_of("its own"),
    ),
    "another enrolled": (
        trusting("root", individual=certified("clientCertificates", LEAVES["its own"])),
        chain_of("by root"),
    ),
    "enrolled by its issuer": (
        trusting("other root", individual=referring("proved")),
        chain_of("by line", "line"),
    ),
    "enrolled by an issuer nobody proved": (
        trusting("root", individual=referring("unproved")),
        chain_of("by root"),
    ),
    "any order": (trusting("root"), chain_of("by below short", "short", "below short")),
    "nearest issuer": (trusting("root", "line"), chain_of("by line", "line", "root")),
    "issuer missing": (trusting("root"), chain_of("by line")),
    "namesake trusted": (trusting("namesake"), chain_of("by root")),
    "namesake shown": (trusting("other root"), chain_of("by namesake", "root")),
    "path too long": (trusting("short"), chain_of("by below short", "below short")),
    "path long enough": (trusting("short"), chain_of("by short")),
    **{f"{name} above": (trusting("root"), chain_of(f"by {name}", name)) for name in AUTHORITIES},
    **{f"{name} trusted": (trusting(name), chain_of(f"by {name}")) for name in AUTHORITIES},
    **{f"leaf {name}": (trusting("line"), chain_of(name)) for name in LEAVES},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bench", [HUBS], indirect=True)
def test_explain_says_what_becomes_of_a_device_in_each_case(bench, case):
    bench.check(*CASES[case])


@settings(max_examples=25)
@given(with_keys())
def test_explain_says_what_becomes_of_a_device_with_a_key(bench, drawn):
    bench.check(*drawn)


@settings(max_examples=25)
@given(with_certificates())
def test_explain_says_what_becomes_of_a_device_with_a_certificate(bench, drawn):
    bench.check(*drawn)
