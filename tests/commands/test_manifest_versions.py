"""Manifests that name certificate policies are compared and written in a version that has them."""

from pathlib import Path

import pytest

POLICY = "namespaceName: plant-1\ncertificateAuthorityName: ca1\ncertificatePolicyName: pol1\n"
KEYED = "attestation: {type: symmetricKey}\n"
RECORDS = {
    "group": ("enrollmentGroupId: r1\n", "enrollment-group show --gid r1"),
    "individual": ("registrationId: r1\n", "enrollment show --eid r1"),
}
NEWER = "--service-api-version 2026-11-01"
WARNING = "warning: the record holds namespaceName, "


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text):
    Path("f.yaml").write_text(text)


def versions(emulator):
    return {one["query"]["api-version"] for one in emulator.requests()}


@pytest.mark.parametrize("kind", RECORDS)
def test_policy_is_applied_and_compared_in_the_version_that_has_it(run, signed_in, kind):
    named, show = RECORDS[kind]
    write(named + KEYED + POLICY)

    applied = run("apply -f f.yaml --yes")
    differing = run("diff -f f.yaml --exit-code")

    assert (applied.err, differing.err, differing.out) == ("", "", "as wanted 1\n")
    assert versions(signed_in) == {"2026-11-01"}
    assert run(f"{show} {NEWER}").json["certificatePolicyName"] == "pol1"


def test_policies_of_many_rows_are_written_in_one_call_of_that_version(run, signed_in):
    Path("pumps.csv").write_text("id\n" + "".join(f"p{number}\n" for number in range(12)))
    write(f"$each: pumps.csv\nregistrationId: {{$column: id}}\n{KEYED}{POLICY}")

    run("apply -f f.yaml --yes")

    assert versions(signed_in) == {"2026-11-01"}
    assert run("diff -f f.yaml").out == "as wanted 12\n"


def test_null_takes_the_policy_away_in_the_version_that_has_it(run, signed_in):
    named, show = RECORDS["group"]
    write(named + KEYED + POLICY)
    run("apply -f f.yaml --yes")
    write(
        named + "namespaceName: null\ncertificateAuthorityName: null\ncertificatePolicyName: null"
    )

    assert run("apply -f f.yaml --yes").err == ""

    assert versions(signed_in) == {"2026-11-01"}
    assert "namespaceName" not in run(f"{show} {NEWER}").json


def test_manifests_without_policies_speak_the_version_of_all_else(run, signed_in):
    write("enrollmentGroupId: r1\n" + KEYED)

    run("apply -f f.yaml --yes")

    assert versions(signed_in) == {"2021-10-01"}


@pytest.mark.parametrize("verb", ["diff -f f.yaml", "apply -f f.yaml --yes"])
def test_version_that_was_chosen_and_has_no_policies_is_refused(run, signed_in, verb):
    write("enrollmentGroupId: r1\n" + KEYED + POLICY)

    refused = run(f"{verb} --service-api-version 2021-10-01", expect=2)

    assert "f.yaml:3:1: namespaceName: needs --service-api-version 2026-11-01" in refused.err
    assert signed_in.requests() == []


def test_saved_plan_is_carried_out_in_the_version_that_it_was_made_in(run, signed_in):
    write("enrollmentGroupId: r1\n" + KEYED + POLICY)
    run("diff -f f.yaml --save plan.json")

    assert "created 1 in " in run("apply --plan plan.json --yes").out

    assert versions(signed_in) == {"2026-11-01"}


@pytest.mark.parametrize("verb", ["export", "diff -f f.yaml", "apply -f f.yaml --yes"])
def test_record_with_fields_of_another_version_is_read_with_a_warning(run, verb):
    write("enrollmentGroupId: r1\n" + KEYED + POLICY)
    run("apply -f f.yaml --yes")
    write("enrollmentGroupId: r1\ncapabilities: {iotEdge: true}\n")

    assert run(f"{verb} {NEWER}").err == ""
    write("enrollmentGroupId: r1\ncapabilities: {iotEdge: false}\n")
    assert run(verb).err.count(WARNING) == 1


def test_update_that_names_no_policy_leaves_it(run):
    named, show = RECORDS["individual"]
    write(named + KEYED + POLICY)
    run("apply -f f.yaml --yes")
    write(named + "capabilities: {iotEdge: true}\n")

    run("apply -f f.yaml --yes")

    assert run(f"{show} {NEWER}").json["namespaceName"] == "plant-1"
