"""Keys are printed when a flag or a query asks for them, and by no command otherwise."""

import pytest

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="
OTHER_KEY = "c2Vjb25kYXJ5LWtleS1vZi10aGUtdGVzdHMtb2Yta2V5cw=="
KEYS = f"--pk {KEY} --sk {OTHER_KEY}"
LINES = {
    "create": "enrollment-group create --gid new --pk {key}",
    "create that skips": "enrollment-group create --gid g1 --if-exists skip",
    "create that updates": "enrollment-group create --gid g1 --if-exists update --tags a=b",
    "show": "enrollment-group show --gid g1",
    "update": "enrollment-group update --gid g1 --ps disabled",
    "update that changes nothing": "enrollment-group update --gid g1",
    "rotate": "enrollment-group rotate --gid g1 --step stage --key {other}",
    "rotate again": "enrollment-group rotate --gid g1 --step stage --key {key}",
    "create of one": "enrollment create --eid new --at symmetricKey --pk {key}",
    "show of one": "enrollment show --eid e1",
    "update of one": "enrollment update --eid e1 --ps disabled",
}
LISTS = ["enrollment-group list", "enrollment list", "export --kind EnrollmentGroup -o json"]


@pytest.fixture(autouse=True)
def _records(run):
    run(f"enrollment-group create --gid g1 {KEYS}")
    run(f"enrollment create --eid e1 --at symmetricKey {KEYS}")


def filled(line):
    return line.format(key=KEY, other=OTHER_KEY)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("seen", ["", "--query attestation", "-o yaml", "-o table"])
def test_nobody_asked_for_keys(run, line, seen):
    ran = run(f"{filled(line)} {seen}")

    assert KEY not in ran.out
    assert OTHER_KEY not in ran.out


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize(
    "seen",
    [
        "--show-keys",
        "--query attestation.symmetricKey.primaryKey",
        "--query '[attestation.symmetricKey][0]'",
        "--query 'to_string(attestation.symmetricKey)' -o tsv",
    ],
)
def test_keys_are_asked_for(run, line, seen):
    assert KEY in run(f"{filled(line)} {seen}").out


@pytest.mark.parametrize("line", LISTS)
def test_list_has_keys_if_they_are_asked_for(run, line):
    query = "[].attestation.symmetricKey.secondaryKey"

    assert OTHER_KEY not in run(line).out
    assert run(f"{line} --query {query}").json == [OTHER_KEY]
    assert OTHER_KEY in run(f"{line} --show-keys").out


def test_query_for_another_field_reads_no_keys(run, signed_in):
    signed_in.service.log.clear()

    run("enrollment-group show --gid g1 --query attestation.type")

    assert [request["method"] for request in signed_in.requests()] == ["GET"]
