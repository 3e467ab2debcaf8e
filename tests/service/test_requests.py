"""What is asked of the service, word for word: the calls of a command and nothing besides."""

import json

import pytest

KEYS = {"type": "symmetricKey", "symmetricKey": {"primaryKey": "YQ==", "secondaryKey": "Yg=="}}
HIDDEN = {"type": "symmetricKey", "symmetricKey": {}}
GROUP = {"enrollmentGroupId": "g1", "attestation": HIDDEN, "etag": "e1"}
DEVICE = {"registrationId": "d/1", "attestation": HIDDEN, "etag": "e1"}
VERSION = "--service-api-version 2021-10-01"


@pytest.fixture
def asked(odd_service, run_offline):
    """Run a line against *answers*, in order; return what was asked, and the run."""

    def ask(line, *answers, expect=0):
        for answer in answers:
            odd_service.expect_ordered_request("/" + answer[0]).respond_with_json(*answer[1:])
        ran = run_offline(f"{line} {VERSION} --retries 0", expect=expect)
        calls = [request for request, _ in odd_service.log]
        return [f"{call.method} {call.full_path}" for call in calls], calls, ran

    return ask


def test_record_is_read_with_one_call(asked):
    words, _, _ = asked("enrollment-group show --gid g1", ("enrollmentGroups/g1", GROUP))

    assert words == ["GET /enrollmentGroups/g1?api-version=2021-10-01"]


def test_keys_are_read_by_the_records_own_id(asked):
    words, _, ran = asked(
        "enrollment show --eid d-1 --show-keys",
        ("enrollments/d-1", {**DEVICE, "registrationId": "D-1"}),
        ("enrollments/D-1/attestationmechanism", KEYS),
    )

    assert words == [
        "GET /enrollments/d-1?api-version=2021-10-01",
        "POST /enrollments/D-1/attestationmechanism?api-version=2021-10-01",
    ]
    assert ran.json["attestation"] == KEYS


def test_record_without_symmetric_keys_takes_no_second_call(asked):
    words, _, _ = asked(
        "enrollment show --eid d-1 --show-keys",
        ("enrollments/d-1", {**DEVICE, "attestation": {"type": "tpm"}}),
    )

    assert len(words) == 1


def test_list_is_a_query_of_all(asked):
    words, calls, _ = asked(
        "enrollment-group list --page-size 7", ("enrollmentGroups/query", [GROUP])
    )

    assert words == ["POST /enrollmentGroups/query?api-version=2021-10-01"]
    assert json.loads(calls[0].data) == {"query": "SELECT *"}
    assert calls[0].headers["x-ms-max-item-count"] == "7"
    assert calls[0].headers["Content-Type"] == "application/json; charset=utf-8"
    assert calls[0].headers["Accept"] == "application/json"


def test_list_with_keys_reads_pages_of_the_same_size(asked):
    _, calls, ran = asked(
        "enrollment-group list --page-size 7 --top 9 --show-keys",
        ("enrollmentGroups/query", [GROUP]),
        ("enrollmentGroups/g1/attestationmechanism", KEYS),
    )

    assert calls[0].headers["x-ms-max-item-count"] == "7"
    assert ran.json[0]["attestation"] == KEYS


def test_registrations_are_a_query_of_their_group(asked):
    words, calls, _ = asked(
        "enrollment-group registration list --gid g1 --top 3 --page-size 2",
        ("registrations/g1/query", []),
    )

    assert words == ["POST /registrations/g1/query?api-version=2021-10-01"]
    assert calls[0].data == b""
    assert calls[0].headers["x-ms-max-item-count"] == "2"


def test_deletes_say_which_version_they_mean(asked):
    words, calls, _ = asked("enrollment-group delete --gid g1", ("enrollmentGroups/g1", {}, 204))
    assert words == ["DELETE /enrollmentGroups/g1?api-version=2021-10-01"]
    assert calls[0].headers["If-Match"] == "*"

    _, calls, _ = asked("enrollment-group delete --gid g1 -e e7", ("enrollmentGroups/g1", {}, 204))
    assert calls[-1].headers["If-Match"] == "e7"

    words, calls, _ = asked(
        "enrollment-group registration delete --rid d-1 -e e8", ("registrations/d-1", {}, 204)
    )
    assert words[-1] == "DELETE /registrations/d-1?api-version=2021-10-01"
    assert calls[-1].headers["If-Match"] == "e8"


def test_update_sends_what_it_read_but_for_what_the_service_sets_itself(asked):
    held = {
        **GROUP,
        "createdDateTimeUtc": "2026-01-01T00:00:00Z",
        "lastUpdatedDateTimeUtc": "2026-01-01T00:00:00Z",
        "registrationState": {"status": "assigned"},
        "new": [1],
    }
    words, calls, _ = asked(
        "enrollment-group update --gid g1 --provisioning-status disabled",
        ("enrollmentGroups/g1", held),
        ("enrollmentGroups/g1/attestationmechanism", KEYS),
        ("enrollmentGroups/g1", GROUP),
    )

    assert [word.split()[0] for word in words] == ["GET", "POST", "PUT"]
    assert calls[2].headers["If-Match"] == "e1"
    assert json.loads(calls[2].data) == {
        "enrollmentGroupId": "g1",
        "attestation": KEYS,
        "etag": "e1",
        "new": [1],
        "provisioningStatus": "disabled",
    }


def test_new_record_is_sent_for_no_version(asked):
    _, calls, _ = asked("enrollment-group create --gid g1", ("enrollmentGroups/g1", GROUP))

    assert calls[0].method == "PUT"
    assert "If-Match" not in calls[0].headers


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("show --gid g1", [("enrollmentGroups/g1", {**GROUP, "namespaceName": "ns"})]),
        ("list", [("enrollmentGroups/query", [{**GROUP, "namespaceName": "ns"}])]),
    ],
    ids=["show", "list"],
)
def test_field_that_the_version_lacks_is_told_once(asked, line, answers):
    _, _, ran = asked(f"enrollment-group {line}", *answers)

    said = "the record holds namespaceName, which api-version 2021-10-01 does not have"
    assert ran.err.count(said) == 1


@pytest.mark.parametrize(
    ("line", "answers", "said"),
    [
        (
            "show --gid g1 --show-keys",
            [
                ("enrollmentGroups/g1", GROUP),
                ("enrollmentGroups/g1/attestationmechanism", {**KEYS, "symmetricKey": "x"}),
            ],
            "symmetricKey",
        ),
        ("list", [("enrollmentGroups/query", [{**GROUP, "attestation": 5}])], "attestation"),
    ],
    ids=["mechanism", "list"],
)
def test_answer_of_another_shape_is_named(asked, line, answers, said):
    _, _, ran = asked(f"enrollment-group {line}", *answers, expect=1)

    assert said in ran.err


def test_registration_is_read_by_its_id(asked):
    words, _, ran = asked(
        "enrollment registration show --eid d:1", ("registrations/d:1", {"registrationId": "d:1"})
    )

    assert words == ["GET /registrations/d:1?api-version=2021-10-01"]
    assert ran.json == {"registrationId": "d:1"}


def test_batch_is_one_call_in_a_mode(asked, tmp_path):
    (tmp_path / "ids.csv").write_text("eid\nd1\nd2\n")
    words, calls, _ = asked(
        f"enrollment create --at symmetricKey --from {tmp_path}/ids.csv -o jsonl",
        ("enrollments", {"isSuccessful": True, "errors": []}),
    )

    sent = json.loads(calls[0].data)
    assert words == ["POST /enrollments?api-version=2021-10-01"]
    assert sent["mode"] == "create"
    assert [one["registrationId"] for one in sent["enrollments"]] == ["d1", "d2"]


@pytest.mark.parametrize("etag", ["", "-e *", "-e e1"], ids=["none", "any", "the-held-one"])
def test_update_that_changes_nothing_is_not_sent(asked, etag):
    held = {**GROUP, "attestation": {"type": "x509"}, "provisioningStatus": "enabled"}
    words, _, ran = asked(
        f"enrollment-group update --gid g1 --provisioning-status enabled {etag}",
        ("enrollmentGroups/g1", held),
    )

    assert [word.split()[0] for word in words] == ["GET"]
    assert ran.json == held
    assert "unchanged" in ran.err


def test_update_that_changes_nothing_is_sent_to_a_version_that_was_not_read(asked):
    held = {**GROUP, "attestation": {"type": "x509"}, "provisioningStatus": "enabled"}
    words, calls, _ = asked(
        "enrollment-group update --gid g1 --provisioning-status enabled -e e9",
        ("enrollmentGroups/g1", held),
        ("enrollmentGroups/g1", held),
    )

    assert [word.split()[0] for word in words] == ["GET", "PUT"]
    assert calls[1].headers["If-Match"] == "e9"


def test_update_is_not_sent_where_one_of_the_keys_is_hidden(asked):
    half = {"type": "symmetricKey", "symmetricKey": {"primaryKey": "YQ=="}}
    words, _, ran = asked(
        "enrollment-group update --gid g1 --provisioning-status disabled",
        ("enrollmentGroups/g1", GROUP),
        ("enrollmentGroups/g1/attestationmechanism", half),
        expect=1,
    )

    assert [word.split()[0] for word in words] == ["GET", "POST"]
    assert "writing it would make new ones" in ran.err


def test_odd_id_that_a_service_gives_stays_one_part_of_a_path(odd_service, run_offline):
    odd = {**GROUP, "enrollmentGroupId": "a/../b?c=\ud800"}
    odd_service.expect_ordered_request("/enrollmentGroups/query").respond_with_json([odd])

    run_offline(f"enrollment-group list --show-keys --retries 0 {VERSION}", expect=None)

    asked = odd_service.log[1][0].environ["REQUEST_URI"]
    path = "/enrollmentGroups/a%2F..%2Fb%3Fc%3D%3F/attestationmechanism"
    assert asked == f"{path}?api-version=2021-10-01"
