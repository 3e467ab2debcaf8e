"""What 'device explain --from' makes of records that are odd, and of two states of one record."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="
OTHER = "YW5vdGhlciBzaXh0ZWVuIGJ5dGVzIQ=="
LINE = ["device", "explain", "--rid", "pump-1", "--group-key", KEY, "--from"]


def group(key=KEY, **fields):
    keys = {"primaryKey": key, "secondaryKey": key}
    return {
        "enrollmentGroupId": "line-4",
        "attestation": {"type": "symmetricKey", "symmetricKey": keys},
        **fields,
    }


@pytest.fixture
def explained(run_offline, tmp_path, monkeypatch):
    """Explain a device by files that hold what is given."""
    monkeypatch.chdir(tmp_path)

    def run(*contents, expect=2):
        names = [f"{number}.json" for number, _ in enumerate(contents)]
        for name, content in zip(names, contents, strict=True):
            (tmp_path / name).write_text(json.dumps(content), "utf-8")
        files = [word for name in names for word in ("--from", name)]
        return run_offline([*LINE[:-1], *files], expect=expect)

    return run


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (group("not-base64"), "0.json:1: of its primary key, the key"),
        (group(7), "attestation.symmetricKey.primaryKey is a number instead of a text"),
        ({"attestation": {"x509": []}}, "0.json:1: attestation.x509 is a list instead of an obj"),
        ({"attestation": {}, "registrationId": 7}, "registrationId is a number instead of a text"),
        (group(iotHubs="hub-1"), "0.json:1: iotHubs is a text instead of a list"),
        ({"properties": {"idScope": "0ne1", "iotHubs": ["x"]}}, "properties.iotHubs[0] is a text"),
        ({"enrollmentGroups": {"line-4": {}}}, "0.json:1: enrollmentGroups is no list"),
        ({"enrollments": [group(), "x"]}, "0.json:1: enrollments[1]: is no record"),
        ({"value": [{"name": 7, "properties": {"thumbprint": "A"}}]}, "value[0]: name is a number"),
    ],
)
def test_record_of_another_shape_is_refused_by_its_place(explained, record, told):
    err = explained(record).err

    assert told in err
    assert "not-base64" not in err


RECORDS = (
    group(iotHubs=["hub-1"], customAllocationDefinition={"webhookUrl": "https://f.example"}),
    {
        "enrollmentGroupId": "line-5",
        "attestation": {
            "type": "x509",
            "x509": {"signingCertificates": {"primary": {"info": {"subjectName": "CN=ca"}}}},
        },
    },
    {"registrationId": "pump-1", "status": "failed", "errorCode": 401002, "errorMessage": "m"},
    {"properties": {"idScope": "0ne00000001", "iotHubs": [{"name": "hub-1"}]}},
    {"name": "root", "properties": {"thumbprint": "AA", "subject": "ca", "isVerified": True}},
)
ODD = st.sampled_from([None, 7, True, "x", "tpm", "custom", "\x1b[31m\n", [], ["x"], {}, {"a": 1}])


def mutated(draw, value):
    """Put something odd in the place of one part of *value*, or leave the part out."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 3)) == 0:
        return draw(ODD)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = draw(st.sampled_from(keys))
    copy = value.copy()
    copy[key] = mutated(draw, value[key])
    return copy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_no_record_is_a_fault_of_dpsctl(explained, data):
    records = list(RECORDS)
    at = data.draw(st.integers(0, len(records) - 1))
    records[at] = mutated(data.draw, records[at])

    ran = explained(records, expect=None)

    assert ran.code in {0, 2, 10}
    assert "\x1b" not in ran.out + ran.err


def test_two_states_of_a_record_are_refused(explained):
    err = explained([group()], [group(OTHER)]).err

    assert "--from 1.json:1: 'line-4' is also at 0.json:1, and there it is another" in err


def test_record_that_comes_again_counts_once_and_with_its_keys(explained):
    hidden = {**group(etag="1"), "attestation": {"type": "symmetricKey"}}

    ran = explained([hidden, hidden], [group(etag="1")], expect=0)

    assert "enrollment group line-4 takes it, by a key derived from its primary key" in " ".join(
        ran.out.split()
    )


def test_two_services_are_refused(explained):
    services = [{"properties": {"idScope": scope}, "name": scope} for scope in ("0ne1", "0ne2")]

    assert "0.json:1: is another service" in explained(services).err


def test_case_of_an_id_counts_for_a_derived_key_alone(run_offline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {"registrationId": "pump-1", "attestation": group()["attestation"]}
    (tmp_path / "own.json").write_text(json.dumps(own), "utf-8")
    line = ["device", "explain", "--rid", "PUMP-1", "--key", KEY, "--from", "own.json"]

    ran = run_offline(line)

    assert "PUMP-1 would register: individual enrollment pump-1 takes it" in ran.out
    assert "upper-case" not in ran.out
