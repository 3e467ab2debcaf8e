"""Certificate policies of the device registry: three names, and the version that has them."""

import json

import pytest

ALL = "--adr-namespace plant-1 --adr-ca-name ca1 --adr-cert-policy-name pol1"
FIELDS = {
    "namespaceName": "plant-1",
    "certificateAuthorityName": "ca1",
    "certificatePolicyName": "pol1",
}
NOUNS = {"group": "enrollment-group {} --gid r1", "individual": "enrollment {} --eid r1"}


@pytest.fixture(params=NOUNS)
def noun(request):
    """Return what spells a command of one kind of enrollment."""

    def line(verb, flags=""):
        own = " --at symmetricKey" if (request.param, verb) == ("individual", "create") else ""
        return f"{NOUNS[request.param].format(verb)}{own} {flags}"

    return line


def policy(record):
    return {name: record[name] for name in FIELDS if name in record}


def versions(emulator, method="PUT"):
    return [
        request["query"]["api-version"]
        for request in emulator.requests()
        if request["method"] == method
    ]


@pytest.mark.parametrize(
    "flags",
    [
        ALL,
        "--namespace-name plant-1 --certificate-authority-name ca1 --certificate-policy-name pol1",
        "--adr-namespace plant-1 --adr-ca-name ca1 --adr-certificate-policy-name pol1",
        "--set namespaceName=plant-1 certificateAuthorityName=ca1 certificatePolicyName=pol1",
    ],
)
def test_policy_is_written_in_the_version_that_has_it(run, signed_in, noun, flags):
    ran = run(noun("create", flags))

    assert policy(ran.json) == FIELDS
    assert versions(signed_in) == ["2026-11-01"]
    assert ran.err == ""


def test_record_without_a_policy_is_written_in_the_version_of_all_others(run, signed_in, noun):
    run(noun("create"))

    assert versions(signed_in) == ["2021-10-01"]


@pytest.mark.parametrize("flag", ["--service-api-version 2021-10-01", "variable", "context"])
def test_version_that_somebody_chose_stays(run, signed_in, noun, flag, monkeypatch):
    if flag == "variable":
        monkeypatch.setenv("DPSCTL_SERVICE_API_VERSION", "2021-10-01")
    if flag == "context":
        run("config set --context c service_api_version=2021-10-01")
        run("config use-context c")
    typed = flag if flag.startswith("--") else ""

    refused = run(noun("create", f"{ALL} {typed}"), expect=1)

    assert versions(signed_in) == ["2021-10-01"]
    assert "namespaceName is not known in api-version 2021-10-01" in refused.err
    assert "warning: the record holds namespaceName" in refused.err


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        ("--adr-namespace plant-1", "--adr-ca-name and --adr-cert-policy-name are missing"),
        ("--adr-namespace plant-1 --adr-ca-name ca1", "--adr-cert-policy-name is missing"),
        (f"{ALL} --adr-ca-name ''", "--adr-ca-name is missing"),
        (f"{ALL} --adr-namespace Plant", "--adr-namespace Plant: no name of the device"),
        (f"{ALL} --adr-namespace ab", "--adr-namespace ab: no name of the device"),
        (f"{ALL} --adr-ca-name c_a", "--adr-ca-name c_a: no name of the device"),
        (f"{ALL} --adr-cert-policy-name {'p' * 64}", "--adr-cert-policy-name ppp"),
    ],
)
def test_policy_that_cannot_be_is_refused_before_anything_is_sent(
    run, signed_in, noun, flags, missing
):
    refused = run(noun("create", flags), expect=2)

    assert refused.err.startswith(f"dpsctl: {missing}")
    assert signed_in.requests() == []


def test_update_takes_missing_names_from_the_record(run, signed_in, noun):
    run(noun("create", ALL))

    updated = run(noun("update", "--adr-cert-policy-name pol2"))

    assert policy(updated.json) == {**FIELDS, "certificatePolicyName": "pol2"}
    assert updated.err == ""
    assert versions(signed_in, "GET") == ["2026-11-01"]


def test_three_empty_names_take_the_policy_away(run, noun):
    run(noun("create", ALL))
    names = "--adr-namespace '' --adr-ca-name '' --adr-cert-policy-name ''"

    assert policy(run(noun("update", names)).json) == {}


def test_update_of_another_field_keeps_the_policy_and_says_what_was_read(run, signed_in, noun):
    run(noun("create", ALL))

    updated = run(noun("update", "--provisioning-status disabled"))

    assert policy(updated.json) == FIELDS
    assert versions(signed_in) == ["2026-11-01", "2026-11-01"]
    assert updated.err.count("which api-version 2021-10-01 does not have") == 1


@pytest.mark.parametrize("verb", ["show", "list"])
def test_reading_fields_of_another_version_warns_once(run, noun, verb):
    run(noun("create", ALL))
    noun_alone = noun("create").partition(" ")[0]

    read = run(f"{noun_alone} list" if verb == "list" else noun("show"))
    knowing = run(f"{noun('show')} --service-api-version 2026-11-01")

    assert read.err.count("warning: the record holds namespaceName, ") == 1
    assert knowing.err == ""


def test_stored_policy_of_a_preview_gives_way_to_the_three_names(run, noun):
    preview = "--service-api-version 2025-07-01-preview"
    run(noun("create", f"--set credentialPolicyName=old {preview}"))

    updated = run(noun("update", ALL)).json

    assert policy(updated) == FIELDS
    assert "credentialPolicyName" not in updated


def test_rows_of_a_file_name_policies_too(run, signed_in, tmp_path):
    rows = tmp_path / "devices.jsonl"
    row = {"enrollment-id": "d1", "attestation-type": "symmetricKey"}
    rows.write_text(json.dumps(row | FIELDS) + "\n")

    run(["enrollment", "create", "--from", rows])

    assert policy(run("enrollment show --eid d1").json) == FIELDS
    assert versions(signed_in, "POST") == ["2026-11-01"]


def test_dry_run_shows_the_version_of_the_write(run_offline, noun):
    planned = run_offline(f"{noun('create', ALL)} -n my-dps --dry-run").json

    assert planned["url"].endswith("api-version=2026-11-01")


def test_hint_for_an_unknown_version_names_the_known_ones(run):
    refused = run("enrollment-group list --service-api-version 2024-01-01", expect=1)

    assert "hint: Is --service-api-version 2024-01-01 one that the service knows?" in refused.err
    assert "2018-09-01-preview" in refused.err
