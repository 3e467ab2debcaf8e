"""An enrollment group's attestation, from flags and over what it was."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Attestation, Removal
from dpsctl.options.individual import IndividualAttestation
from dpsctl.options.words import Toggle
from dpsctl.payloads.attestation import (
    SIGNING,
    changed_attestation,
    check_one_kind,
    check_type,
    given_attestation,
    new_attestation,
)

KEPT = {"info": {"sha1Thumbprint": "AB"}}
FIRST = Removal(remove_certificate=Toggle.true)
SECOND = Removal(remove_secondary_certificate=Toggle.true)
BOTH = Removal(remove_certificate=Toggle.true, remove_secondary_certificate=Toggle.true)


def x509(**slots):
    return {"type": "x509", "x509": {SIGNING: slots}}


def names(**slots):
    return {"type": "x509", "x509": {"caReferences": slots}}


@pytest.mark.parametrize(
    ("flags", "certificates", "made"),
    [
        pytest.param({}, {}, {"type": "symmetricKey", "symmetricKey": {}}, id="service-makes-keys"),
        pytest.param(
            {"secondary_key": "k"},
            {},
            {"type": "symmetricKey", "symmetricKey": {"secondaryKey": "k"}},
            id="one-key",
        ),
        pytest.param({}, {"primary": "P"}, x509(primary={"certificate": "P"}), id="certificate"),
        pytest.param({"root_ca_name": "a"}, {}, names(primary="a"), id="ca-name"),
    ],
)
def test_new_attestation_is_of_the_kind_the_flags_say(flags, certificates, made):
    assert new_attestation(Attestation(**flags), certificates, SIGNING) == made


def test_flags_that_say_nothing_change_nothing():
    assert given_attestation(Attestation(), {}, SIGNING) is None


@pytest.mark.parametrize(
    ("current", "new", "removal", "changed"),
    [
        pytest.param(
            x509(primary=KEPT, secondary=KEPT), None, FIRST, x509(secondary=KEPT), id="remove"
        ),
        pytest.param(
            x509(primary=KEPT),
            x509(secondary={"certificate": "S"}),
            Removal(),
            x509(primary=KEPT, secondary={"certificate": "S"}),
            id="add",
        ),
        pytest.param(
            x509(primary=KEPT),
            x509(secondary={"certificate": "S"}),
            FIRST,
            x509(secondary={"certificate": "S"}),
            id="add-and-remove",
        ),
        pytest.param(
            x509(primary=KEPT, secondary=KEPT),
            names(primary="a"),
            Removal(),
            names(primary="a"),
            id="to-ca-name",
        ),
        pytest.param(
            names(primary="a", secondary="b"),
            x509(primary={"certificate": "P"}),
            Removal(),
            x509(primary={"certificate": "P"}),
            id="to-certificate",
        ),
        pytest.param(
            {"type": "x509", "x509": {SIGNING: {"primary": KEPT, "secondary": None}, "new": 1}},
            names(primary="a"),
            Removal(),
            {"type": "x509", "x509": {"caReferences": {"primary": "a"}, "new": 1}},
            id="unknown-fields-stay",
        ),
    ],
)
def test_attestation_is_merged(current, new, removal, changed):
    assert changed_attestation(current, new, removal, SIGNING) == changed


@pytest.mark.parametrize(
    ("current", "removal", "flag"),
    [
        pytest.param(x509(primary=KEPT), FIRST, "--remove-certificate", id="last"),
        pytest.param(
            x509(secondary=KEPT), SECOND, "--remove-secondary-certificate", id="last-secondary"
        ),
        pytest.param(names(primary="a", secondary="b"), BOTH, "--remove-certificate", id="both"),
        pytest.param({"type": "symmetricKey"}, FIRST, "--remove-certificate", id="keys"),
    ],
)
def test_removal_that_leaves_nothing_is_refused(current, removal, flag):
    with pytest.raises(UsageError, match=f"^{flag}: "):
        changed_attestation(current, None, removal, SIGNING)


def test_flags_of_one_kind_go_together():
    check_one_kind(Attestation(primary_key="a", secondary_key="b"))
    check_one_kind(Attestation(root_ca_name="a", secondary_root_ca_name="b"))
    check_one_kind(Attestation(certificate_path="a", secondary_certificate_path="b"))


@pytest.mark.parametrize(
    ("kind", "options", "is_certified", "message", "hint"),
    [
        (
            "symmetricKey",
            {},
            True,
            "a certificate does not fit --attestation-type symmetricKey",
            "It is for --attestation-type x509.",
        ),
        (
            "x509",
            {"secondary_key": "k"},
            False,
            "--secondary-key does not fit --attestation-type x509",
            "It is for --attestation-type symmetricKey.",
        ),
        (
            "x509",
            {"certificate_path": "f", "root_ca_name": "n"},
            False,
            "--certificate-path and --root-ca-name exclude each other",
            "Devices prove who they are by keys, by certificates or by CA names: give one kind.",
        ),
        (
            "x509",
            {},
            False,
            "--attestation-type x509 needs a certificate or the name of a CA",
            "Give --certificate-path FILE or --ca-name NAME.",
        ),
        (
            "tpm",
            {},
            False,
            "--attestation-type tpm needs --endorsement-key",
            "The device's TPM tells it.",
        ),
    ],
)
def test_flags_that_do_not_fit_the_type_are_told(kind, options, is_certified, message, hint):
    with pytest.raises(UsageError) as failure:
        check_type(kind, Attestation(**options), is_certified=is_certified)

    assert (failure.value.message, failure.value.hint) == (message, hint)


def test_certificate_given_beside_the_flags_is_what_x509_needs():
    check_type("x509", Attestation(), is_certified=True)
    with pytest.raises(UsageError, match="needs a certificate"):
        check_type("x509", Attestation())


@pytest.mark.parametrize(
    ("flags", "certificates", "said"),
    [
        ({}, {}, "--attestation-type symmetricKey would make it symmetricKey"),
        ({"secondary_key": "k"}, {}, "--primary-key or --secondary-key would make it symmetricKey"),
        ({"endorsement_key": "k"}, {}, "--endorsement-key would make it tpm"),
        ({"root_ca_name": "n"}, {}, "a CA name would make it x509"),
        ({}, {"primary": "P"}, "a certificate would make it x509"),
    ],
)
def test_flags_of_another_type_are_named(flags, certificates, said):
    new = new_attestation(IndividualAttestation(**flags), certificates, SIGNING)

    with pytest.raises(UsageError) as failure:
        changed_attestation({"type": "another"}, new, Removal(), SIGNING)

    assert failure.value.message == f"The attestation is another; {said}"


def test_one_key_changes_and_the_other_stays():
    held = {"type": "symmetricKey", "symmetricKey": {"primaryKey": "a", "secondaryKey": "b"}}
    new = {"type": "symmetricKey", "symmetricKey": {"secondaryKey": "c"}}
    changed = {"primaryKey": "a", "secondaryKey": "c"}

    assert changed_attestation(held, new, Removal(), SIGNING)["symmetricKey"] == changed
    assert changed_attestation({"type": "symmetricKey"}, new, Removal(), SIGNING) == new


def test_one_name_of_a_ca_is_taken_away_and_the_other_stays():
    held = names(primary="a", secondary="b")

    assert changed_attestation(held, None, SECOND, SIGNING) == names(primary="a")
    assert changed_attestation(held, None, FIRST, SIGNING) == names(secondary="b")
