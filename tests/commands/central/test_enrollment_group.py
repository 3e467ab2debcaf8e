"""`central enrollment-group` against the emulator."""

import pytest

BY_KEY = "enrollment-group create --id g1 --display-name G --type iot --at symmetricKey"
BY_CERTIFICATE = "enrollment-group create --id g1 --display-name G --type iot --at x509"
KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@pytest.mark.parametrize("verb", ["show --id g1", "list"])
def test_keys_are_shown_only_on_request(central, verb):
    central(BY_KEY)

    hidden, shown = central(f"enrollment-group {verb}"), central(f"enrollment-group {verb} --keys")

    assert "primaryKey" not in hidden.out
    assert "primaryKey" in shown.out


def test_create_shows_the_keys_it_was_given_only_on_request(central):
    assert KEY not in central(f"{BY_KEY} --pk {KEY}").out
    assert KEY in central("enrollment-group show --id g1 --show-keys").out


def test_id_scope_is_shown_where_the_service_has_it(central, emulator):
    central(BY_KEY)

    ran = central("enrollment-group show --id g1 --av 2022-10-31-preview")

    assert ran.json["idScope"] == emulator.id_scope


def test_create_sets_both_certificates(central, issue):
    first, second = issue("first", is_ca=True), issue("second", is_ca=True)

    ran = central(f"{BY_CERTIFICATE} --cp {first.path} --scp {second.path}")

    slots = ran.json["attestation"]["x509"]["signingCertificates"]
    assert set(slots) == {"primary", "secondary"}
    assert slots["primary"]["info"] != slots["secondary"]["info"]


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_content_decides_the_encoding_whatever_the_name(requests_of, issue, tmp_path, form):
    from cryptography.hazmat.primitives.serialization import Encoding

    root = issue("root", is_ca=True)
    path = tmp_path / "odd.name"
    path.write_bytes(root.certificate.public_bytes(getattr(Encoding, form)))

    _, requests = requests_of(f"{BY_CERTIFICATE} --cp {path}")

    (sent,) = [made["body"]["certificate"] for made in requests if "certificates" in made["path"]]
    assert sent.startswith("LS0tLS1CRUdJTi")  # base64 of -----BEGIN


def test_create_leaves_nothing_behind_if_a_certificate_is_refused(central, emulator, issue):
    first, second = issue("first", is_ca=True), issue("second", is_ca=True)
    emulator.faults.replace(["422 on PUT /api/enrollmentGroups/g1/certificates/secondary"])

    ran = central(f"{BY_CERTIFICATE} --cp {first.path} --scp {second.path}", expect=1)

    assert "nothing is left behind" in ran.err
    central("enrollment-group show --id g1", expect=3)


def test_create_says_what_is_left_if_it_cannot_be_undone(central, emulator, issue):
    emulator.faults.replace(
        ["422 on PUT /api/enrollmentGroups/g1/certificates/primary", "403 on DELETE /api/"]
    )

    ran = central(f"{BY_CERTIFICATE} --cp {issue('root', is_ca=True).path}", expect=1)

    assert "Left behind: the enrollment group g1" in ran.err


def test_create_reads_the_files_before_it_sends_anything(requests_of):
    ran, requests = requests_of(f"{BY_CERTIFICATE} --cp nosuch.pem", expect=2)

    assert "--certificate-path nosuch.pem" in ran.err
    assert requests == []


def test_create_leaves_an_existing_group_alone(central):
    keys = central(f"{BY_KEY} --show-keys").json["attestation"]

    central(BY_KEY, expect=5)

    assert central("enrollment-group show --id g1 --keys").json["attestation"] == keys


@pytest.mark.parametrize(
    ("kind", "flag"),
    [("x509", f"--pk {KEY}"), ("x509", f"--sk {KEY}"), ("symmetricKey", "--cp some.pem")],
)
def test_create_refuses_flags_of_the_other_attestation(requests_of, kind, flag):
    ran, requests = requests_of(
        f"enrollment-group create --id g1 --display-name G --type iot --at {kind} {flag}", expect=2
    )

    assert f"--attestation-type {kind}" in ran.err
    assert requests == []


def test_create_can_be_disabled(central):
    assert central(f"{BY_KEY} --ps disabled").json["enabled"] is False


def test_update_leaves_a_disabled_group_disabled(central, requests_of):
    central(f"{BY_KEY} --ps disabled")

    ran, requests = requests_of("enrollment-group update --id g1 --display-name New")

    assert [made["body"] for made in requests] == [{"displayName": "New"}]
    assert ran.json["enabled"] is False


@pytest.mark.usefixtures("x509_group")
def test_update_sets_certificates_without_touching_the_settings(requests_of, issue):
    second = issue("second", is_ca=True)

    ran, requests = requests_of(f"enrollment-group update --id myx509eg --scp {second.path}")

    assert [made["method"] for made in requests] == ["PUT", "GET"]
    assert set(ran.json["attestation"]["x509"]["signingCertificates"]) == {"primary", "secondary"}


@pytest.mark.usefixtures("x509_group")
def test_update_removes_a_certificate(central):
    ran = central("enrollment-group update --id myx509eg --remove-x509 --entry primary")

    assert ran.json["attestation"]["x509"]["signingCertificates"] == {}


def test_update_says_what_was_done_before_it_failed(central, emulator, x509_group):
    emulator.faults.replace(["422 on PUT /api/enrollmentGroups"])

    ran = central(
        f"enrollment-group update --id myx509eg --ps disabled --cp {x509_group.path}", expect=1
    )

    assert "Before that, the settings were changed" in ran.err


@pytest.mark.parametrize(
    "flags", ["--remove-x509", "--remove-x509 --entry primary --cp {path}"], ids=["none", "both"]
)
def test_update_refuses_an_unclear_removal(requests_of, x509_group, flags):
    flags = flags.format(path=x509_group.path)

    ran, requests = requests_of(f"enrollment-group update --id myx509eg {flags}", expect=2)

    assert "--remove-x509" in ran.err
    assert requests == []


def test_update_with_dry_run_shows_every_write(requests_of, x509_group):
    ran, requests = requests_of(
        f"enrollment-group update --id myx509eg --ps disabled --cp {x509_group.path} --dry-run"
    )

    assert [planned["method"] for planned in ran.json] == ["PATCH", "PUT"]
    assert requests == []


@pytest.mark.usefixtures("x509_group")
def test_show_puts_the_certificate_beside_the_group(central):
    ran = central("enrollment-group show --id myx509eg --entry primary")

    assert ran.json["x509"]["verified"] is False


def test_certificate_may_be_attested_instead_of_proved(central, x509_group):
    ran = central(
        "enrollment-group certificate set --id myx509eg --entry secondary"
        f" --certificate-path {x509_group.path} --verified"
    )

    assert ran.json["verified"] is True


def test_verify_needs_a_certificate(requests_of):
    ran, requests = requests_of("enrollment-group verify-certificate --id g1", expect=2)

    assert "--certificate-path or --secondary-certificate-path" in ran.err
    assert requests == []


@pytest.mark.usefixtures("x509_group")
def test_code_with_dry_run_is_not_asked_for(requests_of):
    ran, requests = requests_of(
        "enrollment-group generate-verification-code --id myx509eg --entry primary --dry-run"
    )

    assert ran.json["method"] == "POST"
    assert requests == []


def test_create_sends_the_etag_that_it_is_given(central, emulator):
    central(f"{BY_KEY} --etag '\"e1\"' --dry-run")
    emulator.service.log.clear()

    central(f"{BY_KEY} --etag '\"e1\"'", expect=None)

    written = next(one for one in emulator.requests() if one["method"] == "PUT")
    assert written["headers"]["if-match"] == '"e1"'
