"""What `device register` holds: taken in every form, looked at before and after a refusal."""

import os
import re
import tempfile

import issuing
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from dpsctl.keys import derive_device_key

GROUP_KEY = (
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
)
PASSPHRASE = b"correct horse"


@pytest.fixture
def _private_files():
    """Make files that nobody else can read."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def device(_private_files, run, signed_in, monkeypatch, tmp_path):
    """Enroll a device that has a certificate; give its files' folder and what it holds."""
    monkeypatch.setenv("DPSCTL_ID_SCOPE", signed_in.id_scope)
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", signed_in.endpoint)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = issuing.make_certificate("pump-1", ca=False, days=400)
    (tmp_path / "pump-1.pem").write_bytes(made.pem)
    (tmp_path / "p.txt").write_bytes(PASSPHRASE)
    run(f"enrollment create --eid pump-1 --at x509 --cp {tmp_path}/pump-1.pem")
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def register(run):
    def register(options, **given):
        return run(f"device register --rid pump-1 {options}", **given)

    return register


def pkcs12_of(made, passphrase=None):
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"x", made.key, made.certificate, None, lock)


def der_key(made):
    return made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("files", "options"),
    [
        pytest.param({"d.key": lambda made: made.key_pem()}, "--kp d.key", id="pem"),
        pytest.param({"d.key": der_key}, "--kp d.key", id="der-key"),
        pytest.param(
            {"d.key": lambda made: made.key_pem(PASSPHRASE)},
            "--kp d.key --passphrase p.txt",
            id="encrypted-key",
        ),
        pytest.param(
            {"d.key": lambda made: made.key_pem().replace(b"\n", rb"\n")},
            "--kp d.key",
            id="escaped-line-breaks",
        ),
        pytest.param({"d.pfx": pkcs12_of}, "--cp d.pfx", id="pkcs12"),
        pytest.param({"d.pfx": pkcs12_of}, "--cp d.pfx --kp d.pfx", id="pkcs12-twice"),
        pytest.param(
            {"d.pfx": lambda made: pkcs12_of(made, PASSPHRASE)},
            "--cp d.pfx --pass p.txt",
            id="encrypted-pkcs12",
        ),
        pytest.param(
            {"d.pem": lambda made: made.pem + made.key_pem()}, "--cp d.pem", id="one-file"
        ),
    ],
)
def test_certificate_and_key_are_taken_in_every_form(device, register, tmp_path, files, options):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content(device))
    if "--cp" not in options:
        options += " --cp pump-1.pem"

    ran = register(options)

    assert (ran.json["status"], ran.err) == ("assigned", "")
    assert [*tmp_path.glob("dpsctl-*")] == []


def test_chain_that_no_handshake_carries_is_refused_before_anything_is_sent(
    device, register, tmp_path, signed_in
):
    (tmp_path / "d.key").write_bytes(device.key_pem())
    (tmp_path / "long.pem").write_bytes(device.pem * 400)
    asked = len(signed_in.requests())

    ran = register("--cp long.pem --kp d.key", expect=2)

    assert re.search(r"--certificate-path long.pem: 400 certificates of \d+ KB together", ran.err)
    assert "100 KB" in ran.err
    assert len(signed_in.requests()) == asked


def test_long_chain_that_a_handshake_carries_is_sent(device, register, tmp_path):
    size = len(device.certificate.public_bytes(Encoding.DER)) + 5
    (tmp_path / "d.key").write_bytes(device.key_pem())
    (tmp_path / "long.pem").write_bytes(device.pem * (100 * 1024 // size))

    ran = register("--cp long.pem --kp d.key")

    assert ran.json["status"] == "assigned"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param("--cp d.pfx", "--passphrase is missing, the passphrase of d.pfx", id="none"),
        pytest.param(
            "--cp d.pfx --pass wrong", "the passphrase does not open the file", id="wrong"
        ),
        pytest.param("--cp d.pfx --kp d.key", "d.pfx has the key in it", id="two-keys"),
        pytest.param("--cp pump-1.pem", "--key-path is missing", id="no-key"),
        pytest.param("--kp d.key", "--certificate-path is missing", id="no-certificate"),
        pytest.param(
            "--cp pump-1.pem --kp pump-1.pem", "no private key can be read", id="no-key-in"
        ),
        pytest.param("--cp pump-1.pem --kp other.key", "the key is not that of", id="another's"),
    ],
)
def test_pair_that_is_none_is_refused_in_our_own_words(
    device, register, tmp_path, signed_in, options, problem
):
    (tmp_path / "d.pfx").write_bytes(pkcs12_of(device, PASSPHRASE))
    (tmp_path / "d.key").write_bytes(device.key_pem())
    (tmp_path / "other.key").write_bytes(issuing.make_certificate("other").key_pem())
    (tmp_path / "wrong").write_text("wrong")
    asked = len(signed_in.requests())

    ran = register(options, expect=2)

    assert problem in ran.err
    assert not any(words in ran.err for words in ("_ssl", "[SSL", "PEM lib"))
    assert len(signed_in.requests()) == asked


@pytest.mark.parametrize(
    ("traits", "doubt"),
    [
        ({"name": "pump-1", "days": -2}, "'CN=pump-1' expired on "),
        ({"name": "pump-1", "age": -2}, "'CN=pump-1' is not valid before "),
        ({"name": "pump-2"}, "the CN is 'pump-2', and not the registration id 'pump-1'"),
    ],
)
def test_odd_certificate_is_told_before_and_after_it_is_refused(
    run, register, device, tmp_path, traits, doubt
):
    del device
    root = issuing.make_certificate("root", days=400)
    made = issuing.make_certificate(**{"days": 400, **traits}, issuer=root, ca=False)
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "d.pem").write_bytes(made.pem)
    (tmp_path / "d.key").write_bytes(made.key_pem())
    run("enrollment delete --eid pump-1")
    run("enrollment-group create --gid g1 --cp root.pem")

    ran = register("--cp d.pem --kp d.key", expect=4)

    warning, _, hint = ran.err.splitlines()
    assert warning.startswith(f"warning: {doubt}")
    assert hint.startswith(f"hint: {doubt}")


def test_refused_device_is_asked_for_its_id_scope(device, register):
    del device

    ran = register(f"--group-key {GROUP_KEY} --id-scope 0ne00000000", expect=4)

    assert "--id-scope is not DPSCTL_ID_SCOPE, 0ne" in ran.err
    assert "Is --id-scope the service's?" in ran.err


def test_id_scope_that_looks_like_none_is_warned_of(device, register):
    del device

    ran = register(f"--group-key {GROUP_KEY} --id-scope my-dps", expect=4)

    assert ran.err.startswith("warning: --id-scope my-dps: that looks like no id scope")


def test_derived_key_in_the_place_of_the_groups_is_asked_for(device, register):
    del device
    derived = derive_device_key(GROUP_KEY, "pump-1")

    ran = register(f"--group-key {derived}", expect=4)

    assert "hint: --group-key has 32 bytes, as a derived key has: is it the device's own" in ran.err


@pytest.mark.parametrize("status", [401, 403])
def test_webhook_that_refuses_is_answered_with_its_function_key(device, run, httpserver, status):
    del device
    httpserver.expect_request("/api").respond_with_data("no", status=status)
    run(
        f"enrollment-group create --gid g1 --pk {GROUP_KEY} --sk {GROUP_KEY} --ap custom"
        f" --webhook-url http://localhost:{httpserver.port}/api --api-version 2021-10-01"
    )

    ran = run(f"device register --rid pump-9 --group-key {GROUP_KEY}", expect=1)

    assert "hint: The webhook wants its function key" in ran.err
