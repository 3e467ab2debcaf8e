"""A rotation's steps: which was taken, which may be, and what each makes of the group."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.options.words import RotationStep
from dpsctl.payloads.rotation import NewCertificate, NewKey, rotated, steps_done

STAGE, PROMOTE, FINISH = RotationStep
NEW = NewCertificate(pem="new", thumbprint="AA", old_pem="old", old_thumbprint="BB")
NEW_ALONE = NewCertificate(pem="new", thumbprint="AA")
KEY = NewKey(key="new", fresh="fresh")


def certificates(primary, secondary=None):
    """An attestation that holds certificates with these thumbprints."""
    held = {"primary": primary, "secondary": secondary}
    slots = {slot: {"info": {"sha256Thumbprint": each}} for slot, each in held.items() if each}
    return {"type": "x509", "x509": {"signingCertificates": slots}}


def keys(primary, secondary):
    return {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary},
    }


def slots_of(attestation):
    """Slot by slot: the text that is written, or the thumbprint of what stays."""
    slots = attestation["x509"]["signingCertificates"]
    return {
        slot: held.get("certificate") or held["info"]["sha256Thumbprint"]
        for slot, held in slots.items()
    }


@pytest.mark.parametrize(
    ("held", "new", "done"),
    [
        pytest.param(certificates("BB"), NEW, 0, id="old alone"),
        pytest.param(certificates("BB", "aa"), NEW, 1, id="new is secondary"),
        pytest.param(certificates("AA", "BB"), NEW, 2, id="new is primary"),
        pytest.param(certificates("AA"), NEW, 3, id="new alone"),
        pytest.param(keys("old", "x"), KEY, 0, id="key is nowhere"),
        pytest.param(keys("old", "new"), KEY, 1, id="key is secondary"),
        pytest.param(keys("new", "old"), KEY, 2, id="key is primary"),
        pytest.param(keys("old", "x"), NewKey(key=None, fresh="fresh"), 0, id="no key yet"),
    ],
)
def test_group_tells_how_far_its_rotation_is(held, new, done):
    assert steps_done(held, new) == done


@pytest.mark.parametrize(
    ("held", "step", "new", "slots"),
    [
        pytest.param(
            certificates("BB"), STAGE, NEW, {"primary": "BB", "secondary": "new"}, id="stage"
        ),
        pytest.param(
            certificates("BB", "AA"),
            PROMOTE,
            NEW,
            {"primary": "new", "secondary": "old"},
            id="promote",
        ),
        pytest.param(certificates("AA", "BB"), FINISH, NEW, {"primary": "AA"}, id="finish"),
        pytest.param(
            certificates("BB", "AA"),
            FINISH,
            NEW_ALONE,
            {"primary": "new"},
            id="finish, not promoted",
        ),
    ],
)
def test_step_writes_certificates(held, step, new, slots):
    assert slots_of(rotated(held, step, new)) == slots


@pytest.mark.parametrize(
    ("held", "step", "after"),
    [
        pytest.param(keys("old", "x"), STAGE, keys("old", "new"), id="stage"),
        pytest.param(keys("old", "new"), PROMOTE, keys("new", "old"), id="promote"),
        pytest.param(keys("new", "old"), FINISH, keys("new", "fresh"), id="finish"),
    ],
)
def test_step_writes_keys(held, step, after):
    assert rotated(held, step, KEY) == after


def test_stage_makes_a_key_where_none_is_given():
    staged = rotated(keys("old", "x"), STAGE, NewKey(key=None, fresh="fresh"))

    assert staged == keys("old", "fresh")


@pytest.mark.parametrize(
    ("held", "step", "new"),
    [
        pytest.param(certificates("BB", "AA"), STAGE, NEW, id="staged certificate"),
        pytest.param(certificates("AA", "BB"), PROMOTE, NEW_ALONE, id="promoted certificate"),
        pytest.param(certificates("AA"), FINISH, NEW, id="finished certificate"),
        pytest.param(keys("new", "old"), STAGE, KEY, id="staged key"),
        pytest.param(keys("new", "old"), PROMOTE, KEY, id="promoted key"),
    ],
)
def test_step_that_was_taken_changes_nothing(held, step, new):
    assert rotated(held, step, new) == held


@pytest.mark.parametrize(
    ("held", "step", "new", "complaint"),
    [
        pytest.param(certificates("BB"), PROMOTE, NEW, "secondary slot is empty", id="promote"),
        pytest.param(certificates("BB"), FINISH, NEW, "secondary slot is empty", id="finish"),
        pytest.param(
            certificates("BB", "CC"), STAGE, NEW, "holds another certificate", id="other secondary"
        ),
        pytest.param(
            certificates("BB", "CC"), FINISH, NEW, "holds another certificate", id="finish, other"
        ),
        pytest.param(
            certificates(None, "CC"), STAGE, NEW, "primary slot holds no", id="no primary"
        ),
        pytest.param(
            certificates("BB", "AA"), PROMOTE, NEW_ALONE, "is missing", id="without the old"
        ),
        pytest.param(
            certificates("CC", "AA"), PROMOTE, NEW, "not the group's primary", id="another old one"
        ),
        pytest.param(keys("old", "x"), PROMOTE, KEY, "secondary key is another", id="key, promote"),
        pytest.param(keys("old", "x"), FINISH, KEY, "secondary key is another", id="key, finish"),
        pytest.param(keys("old", "new"), FINISH, KEY, "primary key is another", id="not promoted"),
        pytest.param(keys("old", "x"), STAGE, NEW, "is symmetricKey", id="certificate for keys"),
        pytest.param(certificates("BB"), STAGE, KEY, "is x509", id="key for certificates"),
        pytest.param({"type": "none"}, STAGE, KEY, "is none", id="no attestation"),
        pytest.param(
            {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}},
            STAGE,
            NEW,
            "names of CA certificates",
            id="CA names",
        ),
    ],
)
def test_step_that_does_not_fit_is_refused(held, step, new, complaint):
    with pytest.raises(UsageError, match=complaint):
        rotated(held, step, new)


@pytest.mark.parametrize(
    ("held", "step", "new", "problem", "first"),
    [
        pytest.param(
            certificates("BB"), PROMOTE, NEW, "the secondary slot is empty", STAGE, id="promote"
        ),
        pytest.param(
            keys("old", "x"),
            PROMOTE,
            KEY,
            "the secondary key is another than --key",
            STAGE,
            id="promote a key",
        ),
        pytest.param(
            keys("old", "new"),
            FINISH,
            KEY,
            "the primary key is another than --key",
            PROMOTE,
            id="finish a key",
        ),
    ],
)
def test_step_that_is_too_early_says_which_one_is_first(held, step, new, problem, first):
    with pytest.raises(UsageError) as refused:
        rotated(held, step, new)

    assert refused.value.message == f"--step {step}: {problem}"
    assert refused.value.hint == f"Nothing was written; --step {first} is first."


def test_certificate_without_a_thumbprint_is_another():
    held = {"type": "x509", "x509": {"signingCertificates": {"primary": {"info": {}}}}}

    assert steps_done(held, NEW) == 0
