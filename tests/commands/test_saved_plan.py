"""A plan that was approved is carried out as it was, or not at all."""

import base64
import json
from pathlib import Path

import pytest

A, B, C = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abc")
APPLY = "apply --plan plan.json --yes --allow keys,disable,delete"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, key in (("A", A), ("B", B), ("C", C)):
        monkeypatch.setenv(f"KEY_{name}", key)
    return tmp_path


@pytest.fixture
def saved(run):
    """Two groups on the service, of which a plan changes one, and rows beside them."""
    for name in ("line-1", "line-2"):
        run(f"enrollment-group create --gid {name} --primary-key {A} --secondary-key {B}")
    Path("pumps.csv").write_text("id\npump-1\n")
    Path("f.yaml").write_text(
        "- enrollmentGroupId: line-1\n  attestation:\n    type: symmetricKey\n"
        "    symmetricKey: {primaryKey: {$env: KEY_C}, secondaryKey: {$env: KEY_A}}\n"
        "  initialTwin: {tags: {site: {$var: site}}}\n"
        "- enrollmentGroupId: line-2\n"
        "- $each: pumps.csv\n  registrationId: {$column: id}\n  attestation: {type: symmetricKey}\n"
    )
    run("diff -f f.yaml --var site=eu --save plan.json")
    return json.loads(Path("plan.json").read_text())


def writes(emulator):
    return [one for one in emulator.requests() if one["method"] in ("PUT", "DELETE")]


def test_saved_plan_is_carried_out(run, saved):
    assert saved["summary"]["update"] == 1

    out = run(APPLY).out

    assert "created 1, updated 1, as wanted 1 in " in out
    assert run("diff -f f.yaml --var site=eu").out == "as wanted 3\n"


def test_saved_plan_holds_no_secret(run, saved):
    text = Path("plan.json").read_text()

    assert not [key for key in (A, B, C) if key in text or key[:12] in text]
    assert Path("plan.json").stat().st_mode & 0o777 == 0o600
    assert saved["changes"][0]["fields"][0]["to"] == "new ($env KEY_C)"
    assert run("diff -f f.yaml --var site=eu --save plan.json", expect=2).err.count("exists")


def test_two_saved_plans_have_nothing_to_compare_keys_by(run, saved):
    run("diff -f f.yaml --var site=eu --save other.json")

    other = json.loads(Path("other.json").read_text())
    assert other["digests"] != saved["digests"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            lambda run: run("enrollment-group update --gid line-1 --set foo=1"),
            "EnrollmentGroup line-1: changed on the service since",
            id="record",
        ),
        pytest.param(
            lambda run: run("enrollment-group delete --gid line-1"),
            "EnrollmentGroup line-1: changed on the service since",
            id="deleted",
        ),
        pytest.param(
            lambda run: run("enrollment-group update --gid line-2 --provisioning-status disabled"),
            None,
            id="untouched by the plan",
        ),
        pytest.param(
            lambda _: Path("f.yaml").write_text(
                Path("f.yaml").read_text().replace("{$var: site}", "us")
            ),
            "f.yaml: changed\nEnrollmentGroup line-1: is to be changed in another way",
            id="manifest",
        ),
        pytest.param(
            lambda _: Path("pumps.csv").write_text("id\npump-1\npump-2\n"),
            "pumps.csv: changed\nIndividualEnrollment pump-2: differs now",
            id="rows",
        ),
        pytest.param(
            lambda run: run("enrollment create --eid pump-1 --at symmetricKey"),
            "IndividualEnrollment pump-1: is as wanted now",
            id="made by somebody else",
        ),
    ],
)
def test_plan_is_taken_if_nothing_it_touches_moved_and_only_then(
    run, saved, emulator, change, told
):
    assert saved["digests"]
    change(run)
    before = len(writes(emulator))

    if told is None:
        run(APPLY)
        return
    ran = run(APPLY, expect=5)

    assert "the plan is stale; nothing was sent" in ran.err
    assert told in ran.err
    assert len(writes(emulator)) == before


def test_other_key_than_the_approved_one_is_another_change(run, saved, monkeypatch):
    assert saved["digests"]
    monkeypatch.setenv("KEY_C", base64.b64encode(b"d" * 32).decode())

    assert "line-1: is to be changed in another way" in run(APPLY, expect=5).err


def test_plan_is_for_one_service(run, saved):
    saved["service"] = "other.azure-devices-provisioning.net"
    Path("plan.json").write_text(json.dumps(saved))

    assert "the plan is for service other." in run(APPLY, expect=5).err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no saved plan"),
        ("{}", "is no saved plan of version 1"),
        ('{"dpsctlPlan": 1}', "the plan lacks apiVersion: was it saved?"),
    ],
)
def test_what_is_no_plan_is_refused(run, text, told):
    Path("plan.json").write_text(text)

    assert told in run(APPLY, expect=2).err


def test_plan_that_was_edited_is_refused(run, saved):
    saved["digests"]["EnrollmentGroup line-9"] = "0"
    Path("plan.json").write_text(json.dumps(saved))

    assert "was changed after it had been saved" in run(APPLY, expect=2).err


@pytest.mark.parametrize("flags", ["-f f.yaml", "--prune", "--var a=b"])
def test_plan_says_itself_what_is_read(run, saved, flags):
    assert saved["digests"]
    assert "--plan says itself" in run(f"{APPLY} {flags}", expect=2).err


def test_plan_of_standard_input_cannot_be_saved(run):
    text = "enrollmentGroupId: a\nattestation: {type: symmetricKey}\n"

    assert (
        "--save: a plan of standard input"
        in run("diff -f - --save p.json", stdin=text, expect=2).err
    )


def test_variable_that_is_a_secret_is_not_saved(run):
    Path("f.yaml").write_text(
        "enrollmentGroupId: a\nattestation: {type: symmetricKey, symmetricKey: "
        "{primaryKey: {$var: key}}}\n"
    )

    ran = run(f"diff -f f.yaml --var key={A} --save p.json", expect=2)

    assert "primaryKey comes from $var, and a plan holds no secret" in ran.err
    assert not Path("p.json").exists()


def test_more_differences_than_anybody_reads_are_counted(run):
    Path("pumps.csv").write_text("id\n" + "".join(f"pump-{n:02}\n" for n in range(25)))
    Path("f.yaml").write_text(
        "$each: pumps.csv\nregistrationId: {$column: id}\nattestation: {type: symmetricKey}\n"
    )
    run("diff -f f.yaml --save plan.json")
    run("apply -f f.yaml --yes")

    err = run(APPLY, expect=5).err

    assert "IndividualEnrollment pump-19: is as wanted now\n... and 5 more" in err
