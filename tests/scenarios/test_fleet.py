"""A thousand devices in files: made, cut by mistake, brought back from the backup, and pruned."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

KEY, NEXT = (base64.b64encode(bytes([letter]) * 64).decode() for letter in b"kn")
FLEET = """\
$fleet: 1
owns: {EnrollmentGroup: [line-*], IndividualEnrollment: [pump-*, valve-*]}
protect: [line-root]
defaults:
  IndividualEnrollment: {allocationPolicy: static, iotHubs: [{$var: hub}]}
---
enrollmentGroupId: line-4
attestation:
  type: symmetricKey
  symmetricKey: {primaryKey: {$env: LINE4_NEXT}, secondaryKey: {$env: LINE4_NOW}}
---
$each: pumps.csv
registrationId: {$column: id}
attestation:
  type: x509
  x509:
    clientCertificates:
      primary: {certificate: {$file: {$format: 'certificates/{id}.pem'}}}
---
$each: valves.csv
registrationId: {$column: id}
deviceId: {$column: device}
attestation: {type: symmetricKey}
initialTwin: {tags: {rack: {$column: rack, as: integer}}}
"""


def write_certificates(folder, ids):
    """One key signs them all: what is tried is how they get to the service."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    folder.mkdir()
    for one in ids:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)])
        certificate = (
            x509.CertificateBuilder(
                issuer_name=name,
                subject_name=name,
                public_key=key.public_key(),
                serial_number=x509.random_serial_number(),
                not_valid_before=now - timedelta(days=1),
                not_valid_after=now + timedelta(days=100),
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        (folder / f"{one}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINE4_NOW", KEY)
    monkeypatch.setenv("LINE4_NEXT", NEXT)
    folder = tmp_path / "fleet"
    folder.mkdir()
    pumps = [f"pump-{n:04}" for n in range(500)]
    (folder / "fleet.yaml").write_text(FLEET)
    (folder / "pumps.csv").write_text("\n".join(["id", *pumps, ""]))
    write_certificates(folder / "certificates", pumps)
    write_valves(folder, 500)
    return folder


def write_valves(folder, count):
    rows = [f"valve-{n:04},v{n},{n % 7}" for n in range(count)]
    (folder / "valves.csv").write_text("\n".join(["id,device,rack", *rows, ""]))


def test_thousand_devices_are_made_cut_by_mistake_and_brought_back(
    fleet, run_process, signed_in, tmp_path
):
    def dpsctl(line, expect=0):
        done = run_process(*line.split())
        assert done.returncode == expect, done.stderr
        assert KEY not in done.stdout + done.stderr
        return done

    variables = "--var hub=hub-1.azure-devices.net"
    apply = f"apply -f fleet {variables}"
    before = len(signed_in.requests())
    assert "created 1,001 in " in dpsctl(f"{apply} --yes").stdout
    made = signed_in.requests()[before:]
    assert sum(one["path"] == "/enrollments" for one in made) == 100  # ten a call
    before = len(signed_in.requests())
    assert "as wanted 1,001 in " in dpsctl(f"{apply} --yes").stdout
    assert all(
        one["path"].endswith(("/query", "/line-4", "/attestationmechanism"))
        for one in signed_in.requests()[before:]
    )
    keys = {n: key_of(signed_in, f"valve-{n:04}") for n in (12, 300, 499)}

    write_valves(fleet, 12)
    refused = dpsctl(f"{apply} --prune --yes --allow delete", expect=2)
    assert "- 488 IndividualEnrollment valve-0012, valve-0013, ..., valve-0499" in refused.stderr
    assert "488 changes need --allow many; nothing was sent" in refused.stderr
    done = dpsctl(f"{apply} --prune --yes --allow delete,many --backup cut.yaml")
    assert "deleted 488, as wanted 513 in " in done.stdout

    assert "created 488 in " in dpsctl("apply -f cut.yaml --yes").stdout
    write_valves(fleet, 500)
    assert dpsctl(f"diff -f fleet {variables} --exit-code").stdout.startswith("as wanted 1,001")
    assert {n: key_of(signed_in, f"valve-{n:04}") for n in keys} == keys

    (fleet / "certificates" / "pump-0499.pem").unlink()
    (fleet / "pumps.csv").write_text("\n".join(["id", *(f"pump-{n:04}" for n in range(499)), ""]))
    done = dpsctl(f"{apply} --prune --yes --allow delete")
    assert "deleted IndividualEnrollment pump-0499" in done.stdout
    assert (tmp_path / "cut.yaml").stat().st_mode & 0o777 == 0o600


def key_of(emulator, record_id):
    return emulator.store.get("Enrollment", record_id)["attestation"]["symmetricKey"]
