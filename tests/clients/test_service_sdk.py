"""Microsoft's service SDK (azure-iot-deviceprovisioning) finds in the emulator what it expects."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@pytest.fixture(params=["enrollment_group", "enrollment"])
def kind(request, service):
    """The operations of one kind of enrollment, and a record for them."""
    id_field = {"enrollment_group": "enrollmentGroupId", "enrollment": "registrationId"}

    def record(record_id="r1", **fields):
        attestation = {"type": "symmetricKey"}
        return {id_field[request.param]: record_id, "attestation": attestation, **fields}

    return getattr(service, request.param), record


def test_record_is_created_shown_and_deleted(kind):
    operations, record = kind

    created = operations.create_or_update("r1", record())
    shown = operations.get("r1")
    mechanism = operations.get_attestation_mechanism("r1")
    operations.delete("r1")

    assert mechanism == created["attestation"]
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert (shown["etag"], shown["createdDateTimeUtc"]) == (
        created["etag"],
        created["createdDateTimeUtc"],
    )
    with pytest.raises(ResourceNotFoundError):
        operations.get("r1")


def test_update_obeys_the_etag(kind):
    operations, record = kind
    created = operations.create_or_update("r1", record())
    changed = {**created, "provisioningStatus": "disabled"}

    updated = operations.create_or_update("r1", changed, if_match=created["etag"])

    assert updated["provisioningStatus"] == "disabled"
    assert updated["attestation"] == created["attestation"]
    for write in (
        lambda: operations.create_or_update("r1", changed, if_match=created["etag"]),
        lambda: operations.delete("r1", if_match=created["etag"]),
    ):
        with pytest.raises(HttpResponseError) as stale:
            write()
        assert stale.value.status_code == 412


def test_second_create_is_a_conflict(kind):
    operations, record = kind
    operations.create_or_update("r1", record())

    with pytest.raises(ResourceExistsError):
        operations.create_or_update("r1", record())


def test_bulk_creates_and_names_what_exists(kind):
    operations, record = kind
    items = "enrollmentGroups" if "enrollmentGroupId" in record() else "enrollments"
    sent = {"mode": "create", items: [record(f"r{number}") for number in range(10)]}

    first, second = (operations.run_bulk_operation(sent) for _ in range(2))

    assert first == {"errors": [], "isSuccessful": True}
    assert not second["isSuccessful"]
    assert len(second["errors"]) == 10
    assert {error["errorCode"] for error in second["errors"]} <= {409201, 409202}


def test_query_reads_all_pages(kind):
    operations, record = kind
    for number in range(25):
        operations.create_or_update(f"r{number}", record(f"r{number}"))

    pages = operations.query({"query": "SELECT *"}, top=10).by_page()

    assert [len(list(page)) for page in pages] == [10, 10, 5]


def test_wrong_key_is_refused(emulator, service):
    wrong = emulator.connection_string.replace(emulator.policy_key, KEY)
    with (
        type(service).from_connection_string(
            wrong, connection_verify=emulator.ca_file, retry_total=0
        ) as client,
        pytest.raises(HttpResponseError) as refused,
    ):
        client.enrollment_group.get("g1")

    assert refused.value.status_code == 401
