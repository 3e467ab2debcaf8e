"""rotate: no device is locked out in between, and every step can be run again."""

import json

import pytest

KEY = "Zmlyc3Qta2V5LW9mLWEtZ3JvdXAtaW4tdGVzdHM="
OTHER_KEY = "c2Vjb25kLWtleS1vZi1hLWdyb3VwLWluLXRlc3Q="
NEW_KEY = "dGhpcmQta2V5LW9mLWEtZ3JvdXAtaW4tYS10ZXN0"
ROTATE = "enrollment-group rotate --gid g1"
KEY_STEP = f"{ROTATE} --key {NEW_KEY} --step"


@pytest.fixture
def authorities(run, issue):
    """The old and the new authority; the group trusts the old one."""
    old, new = issue("old", is_ca=True), issue("new", is_ca=True)
    run(f"enrollment-group create --gid g1 --cp {old.path}")
    return old, new


@pytest.fixture
def keyed(run):
    run(f"enrollment-group create --gid g1 --pk {KEY} --sk {OTHER_KEY}")


@pytest.fixture
def subjects(run):
    """Name the subjects of the group's certificates by slot."""

    def read():
        attestation = run("enrollment-group show --gid g1").json["attestation"]
        slots = attestation["x509"]["signingCertificates"]
        return {slot: held["info"]["subjectName"] for slot, held in slots.items() if held}

    return read


@pytest.fixture
def held_keys(run):
    def read():
        shown = run("enrollment-group show --gid g1 --show-keys").json["attestation"]
        return shown["symmetricKey"]["primaryKey"], shown["symmetricKey"]["secondaryKey"]

    return read


@pytest.fixture
def register(run, issue, emulator, monkeypatch):
    """Register a device that shows a certificate of *issuer*, or derives from *key*."""
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", emulator.endpoint)
    scope = f"device register --id-scope {emulator.id_scope} --rid"

    def try_it(name, *, issuer=None, key=None, expect=0):
        if key:
            return run(f"{scope} {name} --group-key {key}", expect=expect)
        device = issue(name, issuer)
        return run(f"{scope} {name} --cp {device.path} --kp {device.key_path}", expect=expect)

    return try_it


def test_devices_of_both_authorities_register_all_through_a_rotation(
    run, authorities, register, subjects
):
    old, new = authorities
    step = f"{ROTATE} --cp {new.path} --old-certificate-path {old.path} --step"

    run(f"{step} stage")
    assert subjects() == {"primary": "CN=old", "secondary": "CN=new"}
    register("old-1", issuer=old)
    register("new-1", issuer=new)
    run(f"{step} promote")
    assert subjects() == {"primary": "CN=new", "secondary": "CN=old"}
    register("old-2", issuer=old)
    register("new-2", issuer=new)
    run(f"{step} finish")
    assert subjects() == {"primary": "CN=new"}
    register("new-3", issuer=new)
    register("old-3", issuer=old, expect=4)


def test_certificate_whose_old_file_is_lost_goes_from_stage_to_finish(run, authorities, subjects):
    step = f"{ROTATE} --cp {authorities[1].path} --step"
    run(f"{step} stage")

    refused = run(f"{step} promote", expect=2)
    run(f"{step} finish")

    assert "--step finish" in refused.err
    assert subjects() == {"primary": "CN=new"}


@pytest.mark.usefixtures("keyed")
def test_devices_of_both_keys_register_all_through_a_rotation(run, register, held_keys):
    run(f"{KEY_STEP} stage")
    assert held_keys() == (KEY, NEW_KEY)
    register("old-1", key=KEY)
    register("new-1", key=NEW_KEY)
    run(f"{KEY_STEP} promote")
    assert held_keys() == (NEW_KEY, KEY)
    register("old-2", key=KEY)
    register("new-2", key=NEW_KEY)
    run(f"{KEY_STEP} finish")
    register("new-3", key=NEW_KEY)
    register("old-3", key=KEY, expect=4)


@pytest.mark.usefixtures("keyed")
def test_finish_leaves_a_key_that_nobody_holds(run, held_keys):
    for step in ("stage", "promote", "finish"):
        run(f"{KEY_STEP} {step}")

    primary, secondary = held_keys()

    assert primary == NEW_KEY
    assert secondary not in {KEY, OTHER_KEY, NEW_KEY}


@pytest.mark.usefixtures("keyed")
def test_stage_makes_a_key_and_shows_it(run, held_keys):
    shown = run(f"{ROTATE} --step stage --show-keys").json["attestation"]["symmetricKey"]

    assert held_keys() == (KEY, shown["secondaryKey"])
    assert shown["secondaryKey"] != OTHER_KEY


@pytest.mark.usefixtures("keyed")
def test_key_step_that_is_run_again_writes_nothing(run):
    run(f"{KEY_STEP} stage")
    before = run(f"{KEY_STEP} promote").json

    for step in ("stage", "promote"):
        again = run(f"{KEY_STEP} {step}")
        assert again.json == before
        assert f"{step} was done before, nothing is written; next is --step finish" in again.err


def test_certificate_step_that_is_run_again_writes_nothing(run, authorities):
    step = f"{ROTATE} --cp {authorities[1].path} --step"
    run(f"{step} stage")
    before = run(f"{step} finish").json["etag"]

    for name in ("stage", "promote", "finish"):
        again = run(f"{step} {name}")
        assert again.json["etag"] == before
        assert "the rotation is complete" in again.err


def test_rotate_without_a_step_says_which_is_next(run, authorities):
    line = f"{ROTATE} --cp {authorities[1].path}"
    before = run(line).json
    run(f"{line} --step stage")

    after = run(line).json

    assert before == {
        "enrollmentGroupId": "g1",
        "attestationType": "x509",
        "done": [],
        "next": "stage",
    }
    assert (after["done"], after["next"]) == (["stage"], "promote")


@pytest.mark.usefixtures("keyed")
def test_verbose_step_says_what_is_next(run):
    assert "g1: stage is done; next is --step promote" in run(f"{KEY_STEP} stage --verbose").err


@pytest.mark.usefixtures("keyed")
def test_dry_run_shows_the_write_and_sends_none(run, held_keys):
    planned = run(f"{KEY_STEP} stage --dry-run --verbose")

    assert planned.json["method"] == "PUT"
    assert "is done" not in planned.err
    assert held_keys() == (KEY, OTHER_KEY)


@pytest.mark.usefixtures("keyed")
def test_step_whose_turn_it_is_not_writes_nothing(run, held_keys):
    refused = run(f"{KEY_STEP} promote", expect=2)

    assert "--step stage is first" in refused.err
    assert NEW_KEY not in refused.err
    assert held_keys() == (KEY, OTHER_KEY)


def test_step_with_another_old_certificate_is_refused(run, authorities, issue, subjects):
    line = f"{ROTATE} --cp {authorities[1].path}"
    run(f"{line} --step stage")

    refused = run(f"{line} --ocp {issue('stray').path} --step promote", expect=2)

    assert "--old-certificate-path" in refused.err
    assert subjects() == {"primary": "CN=old", "secondary": "CN=new"}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--step promote", "--step promote needs"),
        ("--step finish", "--step finish needs"),
        (f"--key {KEY} --cp new.pem", "exclude each other"),
        ("--ocp old.pem --step stage", "needs --certificate-path"),
        ("--key c2hvcnQ= --step stage", "--key"),
        ("--cp missing.pem --step stage", "missing.pem"),
    ],
)
def test_flags_that_do_not_fit_are_refused_before_anything_is_asked(
    odd_service, run_offline, flags, complaint
):
    assert complaint in run_offline(f"{ROTATE} {flags}", expect=2).err
    assert odd_service.log == []


@pytest.mark.usefixtures("keyed")
def test_step_keeps_the_rest_of_the_group(run):
    run("enrollment-group update --gid g1 --tags a=1 --ps disabled")

    rotated = run(f"{KEY_STEP} stage").json

    assert rotated["initialTwin"]["tags"] == {"a": "1"}
    assert rotated["provisioningStatus"] == "disabled"


def test_step_is_judged_again_when_the_group_changes_meanwhile(odd_service, run_offline):
    path, mechanism = "/enrollmentGroups/g1", "/enrollmentGroups/g1/attestationmechanism"
    record = {"enrollmentGroupId": "g1", "attestation": {"type": "symmetricKey"}, "etag": "e1"}
    keys = {"primaryKey": KEY, "secondaryKey": NEW_KEY}
    swapped = {"primaryKey": NEW_KEY, "secondaryKey": KEY}
    for held, status in ((keys, None), (keys, 412), (swapped, None)):
        odd_service.expect_ordered_request(path, method="GET").respond_with_json(record)
        odd_service.expect_ordered_request(mechanism).respond_with_json(
            {"type": "symmetricKey", "symmetricKey": held}
        )
        if status:
            odd_service.expect_ordered_request(path, method="PUT").respond_with_json(
                {}, status=status
            )

    ran = run_offline(f"{KEY_STEP} promote --show-keys")

    assert ran.json["attestation"]["symmetricKey"] == swapped
    assert ran.err == "g1: unchanged\n"
    assert [request.method for request, _ in odd_service.log].count("PUT") == 1


def test_many_groups_take_one_new_certificate_at_each_step(run, authorities):
    old, new = authorities
    for name in ("g2", "g3"):
        run(f"enrollment-group create --gid {name} --cp {old.path} -o none")
    run("enrollment-group create --gid keys -o none")
    line = f"enrollment-group rotate --cp {new.path} --yes -o jsonl"

    staged = run(f"{line} --step stage --gid g2 g3").out
    again = run(f"{line} --step stage --gid G2 g3").out
    mixed = run(f"{line} --step finish --all", expect=9)

    assert [json.loads(each)["status"] for each in staged.splitlines()] == ["updated", "updated"]
    assert {json.loads(each)["status"] for each in again.splitlines()} == {"unchanged"}
    ended = {one["enrollmentGroupId"]: one for one in map(json.loads, mixed.out.splitlines())}
    assert (ended["g2"]["status"], ended["g3"]["status"]) == ("updated", "updated")
    assert "the group's attestation is symmetricKey" in ended["keys"]["message"]


def test_many_groups_get_a_key_each_and_keep_the_one_in_use(run):
    for name in ("k1", "k2"):
        run(f"enrollment-group create --gid {name} -o none")
    before = keys_of_groups(run)

    told = run("enrollment-group rotate --gid k1 k2 --step stage --yes -o jsonl")

    after = keys_of_groups(run)
    assert {name: pair["primaryKey"] for name, pair in after.items()} == {
        name: pair["primaryKey"] for name, pair in before.items()
    }
    staged = [pair["secondaryKey"] for pair in after.values()]
    assert len({*staged, *(pair["secondaryKey"] for pair in before.values())}) == 4
    assert not any(key in told.out + told.err for key in staged)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--gid a b", "--step is missing"),
        ("--all --step promote", "--step promote needs --certificate-path or --key"),
        ("--gid a b --step stage --key ZHBzY3RsLWV4YW1wbGUta2V5", "--key is that of one group"),
        ("--gid a b --step stage --etag x", "--etag is that of one record"),
        ("--step stage", "--enrollment-id is missing"),
        ("--gid a b --step stage", "to rotate more than one needs --yes"),
    ],
)
def test_rotation_of_many_refuses_what_is_one_groups(run, words, told):
    assert told in run(f"enrollment-group rotate {words}", expect=2).err


def keys_of_groups(run):
    return {
        one["enrollmentGroupId"]: one["attestation"]["symmetricKey"]
        for one in run("enrollment-group list --show-keys").json
    }
