"""A write whose answer was lost: was it carried out?"""

import pytest

RECORD = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e1"}


@pytest.mark.usefixtures("waits")
def test_delete_whose_answer_was_lost_takes_404_for_success(raw_service, run_offline):
    service = raw_service(b"", 404)

    assert run_offline("enrollment-group delete --gid g1").out == ""
    assert service.methods == ["DELETE", "DELETE"]


@pytest.mark.parametrize("between", [429, 503], ids=["throttled", "failed"])
@pytest.mark.usefixtures("waits")
def test_lost_answer_is_remembered_through_the_tries_behind_it(raw_service, run_offline, between):
    service = raw_service(b"", between, 404)

    assert run_offline("enrollment-group delete --gid g1").out == ""
    assert service.methods == ["DELETE"] * 3


@pytest.mark.usefixtures("waits")
def test_call_is_made_so_many_times_and_no_more(raw_service, run_offline):
    service = raw_service(*[503] * 9)

    run_offline("enrollment-group show --gid g1 --retries 2", expect=8)

    assert service.methods == ["GET"] * 3


@pytest.mark.parametrize("before", [[], [429]], ids=["at-once", "throttled"])
@pytest.mark.usefixtures("waits")
def test_delete_of_what_never_was_is_not_found(raw_service, run_offline, before):
    raw_service(*before, 404)

    run_offline("enrollment-group delete --gid g1", expect=3)


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.usefixtures("waits")
def test_put_whose_answer_was_lost_is_compared_and_found_written(raw_service, run_offline, status):
    written = {
        **RECORD,
        "attestation": {"type": "symmetricKey"},
        "capabilities": {"iotEdge": False},
        "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True},
        "provisioningStatus": "enabled",
    }
    keys = {"type": "symmetricKey", "symmetricKey": {"primaryKey": "a", "secondaryKey": "b"}}
    service = raw_service(
        b"",
        status,
        written,
        keys,
    )

    ran = run_offline("enrollment-group create --gid g1 --show-keys")

    assert ran.json == {**written, "attestation": keys}
    assert service.methods == ["PUT", "PUT", "GET", "POST"]


@pytest.mark.usefixtures("waits")
def test_put_whose_answer_was_lost_is_a_conflict_if_another_was_written(raw_service, run_offline):
    raw_service(b"", 409, RECORD)

    run_offline("enrollment-group create --gid g1 --tags a=1", expect=5)


def test_put_that_was_answered_is_not_compared(raw_service, run_offline):
    service = raw_service(409)

    run_offline("enrollment-group create --gid g1", expect=5)

    assert service.methods == ["PUT"]


@pytest.mark.usefixtures("waits")
def test_update_whose_answer_was_lost_is_compared(raw_service, run_offline):
    new = {**RECORD, "etag": "e2", "capabilities": {"iotEdge": True}}
    raw_service(RECORD, b"", 412, new)

    assert run_offline("enrollment-group update --gid g1 --ee").json == new
