"""What became of every item of a bulk call, whatever the service answers."""

import json

import pytest
from werkzeug import Response

ROWS = "eid\nd1\nd2\nd3\n"
PATH = "/enrollments"


@pytest.fixture
def create(odd_service, run_offline, tmp_path):
    """Make d1, d2 and d3 of a file through a server that answers as the test says."""
    path = tmp_path / "devices.csv"
    path.write_text(ROWS)

    def create(flags="", *, expect=0):
        line = f"enrollment create --at symmetricKey --from {path} -o jsonl --retries 1 {flags}"
        ran = run_offline(line, expect=expect)
        return ran, [json.loads(line) for line in ran.out.splitlines()]

    create.service = odd_service
    return create


def refused(record_id, code, status="It is so."):
    return {"registrationId": record_id, "errorCode": code, "errorStatus": status}


def bulk_answer(*errors, is_successful=False):
    return {"errors": list(errors), "isSuccessful": is_successful}


def statuses(results):
    return [one["status"] for one in results]


def test_error_of_one_item_is_its_own(create):
    create.service.expect_request(PATH).respond_with_json(bulk_answer(refused("D2", 400004)))

    ran, results = create(expect=9)

    assert statuses(results) == ["created", "failed", "created"]
    assert (results[1]["errorCode"], results[1]["message"]) == (400004, "It is so.")
    assert "1 of 3 rows failed" in ran.err


@pytest.mark.parametrize("code", [429001, 500000], ids=["throttled", "failed"])
def test_item_that_may_pass_is_sent_again_alone(create, code):
    create.service.expect_ordered_request(PATH).respond_with_json(bulk_answer(refused("d2", code)))
    create.service.expect_ordered_request(PATH).respond_with_json(bulk_answer(is_successful=True))

    _, results = create()

    again = json.loads(create.service.log[1][0].get_data())
    assert statuses(results) == ["created"] * 3
    assert [one["registrationId"] for one in again["enrollments"]] == ["d2"]


def test_item_that_never_passes_fails_with_the_services_words(create):
    create.service.expect_request(PATH).respond_with_json(bulk_answer(refused("d2", 429001)))

    _, results = create(expect=9)

    assert results[1]["errorCode"] == 429001
    assert len(create.service.log) == 2


def test_refused_batch_is_sent_item_by_item(create):
    def answer(request):
        sent = [one["registrationId"] for one in request.json["enrollments"]]
        if "d2" in sent:
            return Response('{"errorCode":400004,"message":"No."}', 400)
        return Response('{"errors":[],"isSuccessful":true}')

    create.service.expect_request(PATH).respond_with_handler(answer)

    _, results = create(expect=9)

    assert statuses(results) == ["created", "failed", "created"]
    assert results[1]["errorCode"] == 400004


@pytest.mark.parametrize(
    "errors", [[], [{"errorCode": 500000, "errorStatus": "?"}]], ids=["no error", "no name"]
)
def test_unexplained_failure_is_looked_into(create, errors):
    create.service.expect_request(PATH).respond_with_json(bulk_answer(*errors))
    attestation = {"type": "symmetricKey"}
    found = {
        "registrationId": "d1",
        "attestation": attestation,
        "capabilities": {"iotEdge": False},
        "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True},
    }
    create.service.expect_request(f"{PATH}/d1").respond_with_json(found)
    create.service.expect_request(f"{PATH}/d1/attestationmechanism").respond_with_json(
        {"type": "symmetricKey", "symmetricKey": {"primaryKey": "a", "secondaryKey": "b"}}
    )
    for name in ("d2", "d3"):
        create.service.expect_request(f"{PATH}/{name}").respond_with_json({}, status=404)

    _, results = create(expect=9)

    assert statuses(results) == ["created", "failed", "failed"]


@pytest.mark.parametrize(
    ("status", "exit_code"), [(401, 4), (403, 4), (429, 6)], ids=["401", "403", "429"]
)
def test_refusal_of_everything_stops_with_its_own_code(create, status, exit_code):
    create.service.expect_request(PATH).respond_with_json(
        {}, status=status, headers={"Retry-After": "0"}
    )

    ran, results = create(expect=exit_code)

    assert results == []
    assert "lines 2 to 4 were being sent" in ran.err


def test_service_that_keeps_failing_leaves_nothing_unsaid(create):
    create.service.expect_request(PATH).respond_with_json({}, status=503)
    for name in ("d1", "d2", "d3"):
        create.service.expect_request(f"{PATH}/{name}").respond_with_json({}, status=404)

    ran, _ = create(expect=8)

    assert len([one for one in create.service.log if one[0].path == PATH]) == 2
    assert "may have been written" in ran.err


@pytest.mark.usefixtures("waits")
def test_batch_that_cannot_have_arrived_is_sent_again(peer, trusted, dps_at, run_offline, tmp_path):
    received = []
    body = json.dumps(bulk_answer(is_successful=True)).encode()

    def talk(connection, _):
        if len(server.connections) < 3:
            connection.recv(5)  # of the handshake, and hang up
            return
        with trusted.wrap_socket(connection, server_side=True) as tls:
            request = b""
            while not request.endswith(b"}"):  # headers and body may come apart
                request += tls.recv(65536)
            received.append(request)
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    server = peer(talk)
    dps_at(f"https://127.0.0.1:{server.port}")
    path = tmp_path / "devices.csv"
    path.write_text(ROWS)

    ran = run_offline(f"enrollment create --at symmetricKey --from {path} -o jsonl --retries 2")

    assert statuses(map(json.loads, ran.out.splitlines())) == ["created"] * 3
    assert [request.split()[0] for request in received] == [b"POST"]
    assert len(server.connections) == 3


@pytest.mark.usefixtures("waits")
def test_nothing_is_looked_for_after_a_batch_that_cannot_have_arrived(
    peer, dps_at, run_offline, tmp_path
):
    server = peer(lambda connection, _: connection.recv(5))
    dps_at(f"https://127.0.0.1:{server.port}")
    path = tmp_path / "devices.csv"
    path.write_text(ROWS)

    run_offline(f"enrollment create --at symmetricKey --from {path} --retries 2", expect=7)

    assert len(server.connections) == 3
