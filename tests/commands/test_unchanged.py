"""An update that changes nothing writes nothing and says so."""

import json

import pytest

CREATE = "enrollment-group create --gid g1 --tags site=eu --ap hashed --ih a.example --ps enabled"
NOUNS = {
    "group": ("enrollment-group", "--gid g1", ""),
    "individual": ("enrollment", "--eid g1", "--at symmetricKey --device-id d --info a=1"),
}


@pytest.fixture(params=NOUNS)
def noun(request, run):
    """Make a record; return its noun, its id and its own flags."""
    name, record_id, own = NOUNS[request.param]
    run(f"{name} create {record_id} {own} --tags site=eu rack:=7 --ps enabled")
    return name, record_id, own


def etag_of(run, noun):
    return run(f"{noun[0]} show {noun[1]} --query etag").json


def methods(emulator):
    return [request["method"] for request in emulator.requests()]


@pytest.mark.parametrize(
    "flags",
    [
        "",
        "--tags site=eu rack:=7",
        "--tags rack:=7.0 site=eu --ps enabled",
        "--set initialTwin.tags.site=eu",
        "--reprovision-policy reprovisionandmigratedata --edge-enabled false",
        "--etag '*'",
    ],
)
def test_update_that_changes_nothing_writes_nothing(run, signed_in, noun, flags):
    before = etag_of(run, noun)
    written = methods(signed_in).count("PUT")

    ran = run(f"{noun[0]} update {noun[1]} {flags}")

    assert ran.err == "g1: unchanged\n"
    assert ran.json["etag"] == before
    assert methods(signed_in).count("PUT") == written


@pytest.mark.parametrize(
    "flags",
    [
        "--tags site=eu",
        "--tags site=eu rack=7",
        "--tags site=eu rack:=true",
        "--remove provisioningStatus",
        "--set iotHubHostName:=null",
        "--props a=1",
    ],
)
def test_update_that_changes_a_little_writes_it(run, noun, flags):
    before = etag_of(run, noun)

    ran = run(f"{noun[0]} update {noun[1]} {flags}")

    assert ran.err == ""
    assert etag_of(run, noun) != before


def test_result_of_an_update_has_its_keys_whether_it_was_written_or_not(run, noun):
    written = run(f"{noun[0]} update {noun[1]} --ps disabled --show-keys").json
    unchanged = run(f"{noun[0]} update {noun[1]} --ps disabled --show-keys").json

    assert unchanged["attestation"] == written["attestation"]
    assert unchanged["attestation"]["symmetricKey"]["primaryKey"]


def test_another_etag_is_a_conflict_though_nothing_would_change(run, noun):
    run(f"{noun[0]} update {noun[1]} --etag bm90LXRoaXM=", expect=5)


def test_create_over_what_is_there_already_is_unchanged(run, noun):
    before = etag_of(run, noun)

    line = f"{noun[0]} create {noun[1]} {noun[2]} --tags site=eu rack:=7 --if-exists update"

    assert run(line).err == "g1: unchanged\n"
    assert etag_of(run, noun) == before
    assert run(f"{line} --ps disabled").err == ""


def test_dry_run_of_an_update_that_changes_nothing_shows_no_request(run, noun):
    ran = run(f"{noun[0]} update {noun[1]} --ps enabled --dry-run")

    assert (ran.out, ran.err) == ("", "g1: unchanged\n")


def test_rows_that_change_nothing_are_unchanged(run, tmp_path):
    rows = tmp_path / "devices.csv"
    rows.write_text("enrollment-id,device-id\nd1,a\nd2,b\n")
    line = f"enrollment create --from {rows} --at symmetricKey --if-exists update"
    run(line)
    rows.write_text("enrollment-id,device-id\nd1,a\nd2,c\n")

    assert [row["status"] for row in run(line).json] == ["unchanged", "updated"]


def test_the_same_certificate_is_no_change_and_a_chain_may_be_one(run, issue, tmp_path):
    root = issue("root", is_ca=True)
    middle = issue("middle", root, is_ca=True)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(middle.path.read_bytes() + root.path.read_bytes())
    run(f"enrollment-group create --gid g1 --cp {middle.path}")

    same = run(f"enrollment-group update --gid g1 --cp {middle.path}")
    longer = run(f"enrollment-group update --gid g1 --cp {chain}")
    other = run(f"enrollment-group update --gid g1 --cp {root.path}")

    assert (same.err, longer.err, other.err) == ("g1: unchanged\n", "", "")


def test_unchanged_is_silent_where_only_errors_are_asked_for_and_told_at_length_when_verbose(run):
    run(CREATE)

    assert run("enrollment-group update --gid g1 --only-show-errors").err == ""
    assert run("enrollment-group update --gid g1 --verbose").err.endswith(
        "g1: unchanged\ng1: every field has the wanted value already, so nothing was written\n"
    )


def test_notes_and_warnings_are_an_object_a_line_where_errors_are_in_json(run, monkeypatch):
    ran = run(f"{CREATE} --tags '$a=1' --ih hub --error-format json")
    monkeypatch.setenv("DPSCTL_ERROR_FORMAT", "json")
    unchanged = run("enrollment-group update --gid g1")

    kinds = [next(iter(json.loads(line))) for line in ran.err.splitlines()]
    assert kinds == ["warning", "warning"]
    assert json.loads(unchanged.err) == {"note": {"message": "g1: unchanged"}}
