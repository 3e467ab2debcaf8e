"""The service's CA certificates: uploaded, listed, proved and deleted, as az does."""

import json

import pytest

OF = "--dps-name my-dps -g my-rg"
ROOT = f"{OF} --certificate-name root-1"


@pytest.fixture
def workshop(inside, tmp_path, monkeypatch):
    """A folder with a root and its key, beside an emulator."""
    monkeypatch.chdir(tmp_path)
    inside("certificate root --cn factory-root --out root.pem")
    return inside


def names(run):
    return run(f"certificate list {OF} --query value[].name -o tsv").out.split()


def test_certificate_is_uploaded_shown_and_deleted_without_an_etag(workshop):
    uploaded = workshop(f"certificate create {ROOT} --path root.pem").json

    assert uploaded["properties"]["isVerified"] is False
    assert workshop(f"certificate show {ROOT}").json == uploaded
    assert workshop(f"certificate list {OF}").json == {"value": [uploaded]}
    assert "factory-root" in workshop(f"certificate list {OF} -o table").out
    assert "factory-root" in workshop(f"certificate show {ROOT} -o table").out
    assert workshop(f"certificate delete {ROOT}").out == ""
    assert names(workshop) == []


def test_claim_that_it_is_valid_needs_no_proof(workshop):
    uploaded = workshop(f"certificate create {OF} --name root-1 -p root.pem --verified").json

    assert uploaded["properties"]["isVerified"] is True


def test_certificate_is_proved_step_by_step_with_etags_read_or_given(workshop):
    workshop(f"certificate create {ROOT} --path root.pem")
    coded = workshop(f"certificate generate-verification-code {OF} -n root-1").json
    code = coded["properties"]["verificationCode"]
    workshop(f"certificate verification --code {code} --issuer root.pem --out proof.pem")

    verify = f"certificate verify {ROOT} --path proof.pem"
    stale = workshop(f"{verify} -e IjA=", expect=5)
    verified = workshop(f"{verify} --etag {coded['etag']}").json

    assert "412" in stale.err
    assert verified["properties"]["isVerified"] is True


def test_refusals_hint_at_what_is_wrong_with_the_certificate(workshop):
    missing = workshop(f"certificate delete {ROOT} -e '*'", expect=3).err
    workshop(f"certificate create {ROOT} --path root.pem")
    unproved = workshop(f"certificate verify {ROOT} --path root.pem", expect=1).err

    assert "hint: 'dpsctl certificate list' shows which there are" in missing
    assert "Generate a verification code first" in unproved
    assert "hint: Is a proof's CN the newest code" in unproved


def test_second_upload_under_a_name_is_refused(workshop, emulator):
    workshop(f"certificate create {ROOT} --path root.pem")
    workshop("certificate root --cn other --out other.pem")

    refused = workshop(f"certificate create {ROOT} --path other.pem", expect=5).err

    assert "The certificate root-1 exists already" in refused
    assert [asked["method"] for asked in emulator.requests()].count("PUT") == 1


def test_certify_uploads_proves_and_verifies_in_one_step(workshop, emulator):
    line = f"certificate certify {ROOT} --certificate-path root.pem --key-path root.key"

    certified = workshop(line).json
    asked = len(emulator.requests())
    again = workshop(line).json

    assert certified["properties"]["isVerified"] is True
    assert again == certified
    assert {request["method"] for request in emulator.requests()[asked:]} == {"GET"}


def test_certify_goes_on_with_what_was_uploaded(workshop):
    workshop(f"certificate create {ROOT} --path root.pem")

    certified = workshop(
        f"certificate certify {ROOT} --certificate-path root.pem --key-path root.key"
    ).json

    assert certified["properties"]["isVerified"] is True


def test_certify_refuses_another_certificate_of_that_name_and_a_key_of_another(workshop):
    workshop("certificate root --cn other --out other.pem")
    workshop(f"certificate create {ROOT} --path other.pem")
    line = f"certificate certify {ROOT} --certificate-path root.pem --key-path"

    assert "is another one" in workshop(f"{line} root.key", expect=2).err
    assert "--key-path" in workshop(f"{line} other.key", expect=2).err


@pytest.mark.parametrize(
    ("line", "methods"),
    [
        ("create {root} --path root.pem", ["PUT"]),
        ("certify {root} --certificate-path root.pem --key-path root.key", ["PUT", "POST"]),
        ("delete {other}", ["DELETE"]),
        ("generate-verification-code {other}", ["POST"]),
        ("verify {other} --path root.pem", ["POST"]),
    ],
)
def test_dry_run_prints_the_writes_and_sends_none(line, methods, workshop, emulator):
    other = f"{OF} -n other"
    workshop(f"certificate create {other} --path root.pem")
    before = workshop(f"certificate list {OF}").json
    asked = len(emulator.requests())

    planned = workshop(f"certificate {line.format(root=ROOT, other=other)} --dry-run").json

    writes = planned if isinstance(planned, list) else [planned]
    assert [write["method"] for write in writes] == methods
    assert all("/certificates/" in write["url"] for write in writes)
    assert {request["method"] for request in emulator.requests()[asked:]} == {"GET"}
    assert workshop(f"certificate list {OF}").json == before


@pytest.mark.parametrize("verb", ["show", "delete", "generate-verification-code"])
def test_certificate_that_is_not_there_is_named_with_a_way_to_those_that_are(verb, workshop):
    missing = workshop(f"certificate {verb} {ROOT}", expect=3).err

    assert "root-1" in missing
    assert "dpsctl certificate list" in missing


@pytest.mark.parametrize("words", [[], ["root.pem", "-n", "root-1"]])
def test_show_wants_a_file_or_a_name(words, workshop):
    assert "FILE and --certificate-name" in workshop(["certificate", "show", *words], expect=2).err


def test_show_of_a_file_asks_nobody(workshop, emulator):
    assert workshop("certificate show root.pem").json["subjectName"] == "CN=factory-root"
    assert emulator.requests() == []


def test_file_that_is_no_certificate_is_refused_before_anything_is_sent(workshop, emulator):
    refused = workshop(f"certificate create {ROOT} --path root.key", expect=2)

    assert "--path root.key" in refused.err
    assert emulator.requests() == []


def test_what_is_sent_is_what_newer_versions_specify(workshop, emulator):
    workshop(f"certificate create {ROOT} --path root.pem --verified false")

    (put,) = [request for request in emulator.requests() if request["method"] == "PUT"]
    assert put["query"] == {"api-version": "2022-12-12"}
    assert put["body"]["properties"]["isVerified"] is False
    assert json.dumps(put["body"]).count("LS0tLS1CRUdJTiBDRVJU") == 1
