"""`central enrollment-group certify` against the emulator, which checks the proof for real."""

import pytest

EMPTY = "enrollment-group create --id myx509eg --display-name 'My group' --type iot --at x509"
CERTIFY = "enrollment-group certify --id myx509eg"


def files_of(issued):
    return f"--certificate-path {issued.path} --key-path {issued.key_path}"


def test_certify_verifies_the_certificate_that_is_set(central, x509_group):
    assert central(f"{CERTIFY} {files_of(x509_group)}").json["verified"] is True


def test_certify_sets_the_certificate_of_an_empty_entry(central, issue):
    central(EMPTY)

    ran = central(f"{CERTIFY} --entry secondary {files_of(issue('root', is_ca=True))}")

    group = central("enrollment-group show --id myx509eg").json
    slots = group["attestation"]["x509"]["signingCertificates"]
    assert slots == {"secondary": ran.json}
    assert ran.json["verified"] is True


def test_certify_leaves_a_verified_certificate_alone(central, requests_of, x509_group):
    central(f"{CERTIFY} {files_of(x509_group)}")

    _, requests = requests_of(f"{CERTIFY} {files_of(x509_group)}")

    assert [made["method"] for made in requests] == ["GET"]


@pytest.mark.usefixtures("x509_group")
def test_certify_refuses_another_certificate(requests_of, issue):
    ran, requests = requests_of(f"{CERTIFY} {files_of(issue('other', is_ca=True))}", expect=2)

    assert "another one" in ran.err
    assert [made["method"] for made in requests] == ["GET"]


def test_certify_sends_nothing_if_the_key_does_not_fit(requests_of, issue, x509_group):
    other = issue("other", is_ca=True)

    ran, requests = requests_of(
        f"{CERTIFY} --certificate-path {x509_group.path} --key-path {other.key_path}", expect=2
    )

    assert f"--key-path {other.key_path}" in ran.err
    assert requests == []


def test_certify_opens_an_encrypted_key(central, issue):
    central(EMPTY)
    root = issue("root", is_ca=True, password=b"open sesame")

    central(f"{CERTIFY} {files_of(root)}", expect=2)
    ran = central(f"{CERTIFY} {files_of(root)} --passphrase -", stdin="open sesame")

    assert ran.json["verified"] is True


@pytest.mark.parametrize("is_set", [True, False], ids=["set", "empty"])
def test_certify_with_dry_run_sends_no_write(central, requests_of, issue, is_set):
    root = issue("root", is_ca=True)
    central(f"{EMPTY} --certificate-path {root.path}" if is_set else EMPTY)

    ran, requests = requests_of(f"{CERTIFY} {files_of(root)} --dry-run")

    assert [planned["method"] for planned in ran.json] == (["POST"] if is_set else ["PUT", "POST"])
    assert {made["method"] for made in requests} == {"GET"}


def test_certify_of_a_missing_group_says_that_it_is_the_group(central, issue):
    ran = central(f"{CERTIFY} {files_of(issue('root', is_ca=True))}", expect=3)

    assert "Enrollment group 'myx509eg'" in ran.err
