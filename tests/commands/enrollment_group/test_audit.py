"""audit: what ends soon is found wherever it is, and what cannot be read is told of."""

import pytest

AUDIT = "enrollment-group audit"


def known(row):
    return row["kind"], row["id"], row["slot"], row["daysLeft"]


@pytest.fixture
def enrolled(run, certificate_file):
    """Two groups and a device, with certificates that end after 20, 400, -5 and 50 days."""
    soon = certificate_file("soon.pem", days=20, subject="Soon")
    late = certificate_file("late.pem", days=400)
    ended = certificate_file("ended.pem", days=-5)
    device = certificate_file("device.pem", days=50, is_ca=False, subject="d1")
    run(f"enrollment-group create --gid g1 --cp {late} --scp {soon}")
    run(f"enrollment-group create --gid g2 --cp {ended}")
    run("enrollment-group create --gid g3")
    run(f"enrollment create --eid d1 --at x509 --cp {device}")


@pytest.mark.usefixtures("enrolled")
def test_audit_lists_what_ends_soon_the_first_first(run):
    rows = run(AUDIT, expect=10).json

    assert [known(row) for row in rows] == [
        ("enrollment-group", "g2", "primary", -6),
        ("enrollment-group", "g1", "secondary", 19),
        ("enrollment", "d1", "primary", 49),
    ]


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize(("time", "found"), [("30d", ["g2", "g1"]), ("1s", ["g2"])])
def test_audit_looks_as_far_ahead_as_it_is_told(run, time, found):
    assert [row["id"] for row in run(f"{AUDIT} --expires-in {time}", expect=10).json] == found


@pytest.mark.usefixtures("enrolled")
def test_audit_shows_what_the_service_knows_of_a_certificate(run):
    group = run("enrollment-group show --gid g1").json
    info = group["attestation"]["x509"]["signingCertificates"]["secondary"]["info"]

    row = run(AUDIT, expect=10).json[1]

    assert row == {
        "kind": "enrollment-group",
        "id": "g1",
        "slot": "secondary",
        "daysLeft": 19,
        **{name: info[name] for name in ("subjectName", "sha1Thumbprint", "notAfterUtc")},
    }


def test_audit_finds_nothing_where_nothing_ends(run, certificate_file):
    run(f"enrollment-group create --gid g1 --cp {certificate_file(days=61)}")

    assert run(AUDIT).json == []


def test_audit_counts_ca_names_when_asked_to_say_more(run):
    run("enrollment-group create --gid g1 --ca-name factory-root")

    ran = run(f"{AUDIT} --verbose")

    assert ran.json == []
    assert "1 trust CA names" in ran.err
    assert "CA names" not in run(AUDIT).err


@pytest.mark.parametrize("time", ["soon", "0d", "-1d"])
def test_audit_refuses_what_is_no_time(run, time):
    assert "--expires-in" in run(f"{AUDIT} --expires-in={time}", expect=2).err


def group(group_id, ends):
    slots = {"primary": {"info": {"notAfterUtc": ends}}, "secondary": None}
    attestation = {"type": "x509", "x509": {"signingCertificates": slots}}
    return {"enrollmentGroupId": group_id, "attestation": attestation}


def test_audit_reads_every_page(odd_service, run_offline):
    path, first = "/enrollmentGroups/query", group("g1", "2020-01-01T00:00:00Z")
    odd_service.expect_ordered_request(path).respond_with_json(
        [first], headers={"x-ms-continuation": "more"}
    )
    odd_service.expect_ordered_request(
        path, headers={"x-ms-continuation": "more"}
    ).respond_with_json([group("g2", "2019-01-01T00:00:00.76Z")])
    odd_service.expect_ordered_request("/enrollments/query").respond_with_json([])

    rows = run_offline(AUDIT, expect=10).json

    assert [row["id"] for row in rows] == ["g2", "g1"]


@pytest.mark.parametrize("ends", [None, "tomorrow", 7], ids=str)
def test_audit_tells_of_a_date_that_it_cannot_read(odd_service, run_offline, ends):
    groups = [group("g1", "2020-01-01T00:00:00Z"), group("g2", ends)]
    odd_service.expect_request("/enrollmentGroups/query").respond_with_json(groups)
    odd_service.expect_request("/enrollments/query").respond_with_json([])

    ran = run_offline(AUDIT, expect=10)

    first = ran.json[0]
    assert (first["id"], first["notAfterUtc"], first["daysLeft"]) == ("g2", ends, None)
    assert "enrollment-group g2: when its primary certificate ends is unknown" in ran.err
