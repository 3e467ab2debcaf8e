"""A device's conversation over MQTT, with a service that always says the same."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.emulator.mqtt import packets as mqtt
from dpsctl.emulator.mqtt.packets import ProtocolError
from dpsctl.emulator.mqtt.session import Caller, Reply, Session

USER = "0neScope/registrations/d1/api-version=2019-03-31&ClientVersion=x%2F1"
ANSWERS = "$dps/registrations/res/#"
REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=7"
OPERATION = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=8&operationId=5.a%2Eb"


@dataclass
class Backend:
    """Knows every device, and remembers what it was asked."""

    knows: bool = True
    asked: list = field(default_factory=list)

    def is_known(self, caller):
        self.asked.append(caller)
        return self.knows

    def hang_up(self, caller, reason):
        self.asked.append(("hang up", caller and caller.registration_id, reason))

    def register(self, caller, body):
        self.asked.append(("register", caller.registration_id, body))
        return Reply(202, b"{}", "3")

    def operation_status(self, caller, operation_id):
        self.asked.append(("operation", caller.registration_id, operation_id))
        return Reply(200, b"[]")


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def session(backend):
    return Session(backend, limit=1 << 16)


@pytest.fixture
def connected(session, mqtt_packets):
    assert session.receive(mqtt_packets.connect("d1", USER, "token")) == mqtt.connack(0)
    return session


@pytest.fixture
def subscribed(connected, mqtt_packets):
    assert connected.receive(mqtt_packets.subscribe(ANSWERS)) == mqtt.suback(1, [1])
    return connected


def test_caller_is_read_from_user_name_and_password(connected, backend):
    assert backend.asked == [Caller("0neScope", "d1", "2019-03-31", "token")]
    assert (connected.is_over, connected.keep_alive) == (False, 60)


def test_connection_without_a_password_has_no_token(session, backend, mqtt_packets):
    session.receive(mqtt_packets.connect("d1", USER))

    assert backend.asked[0].token is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param({"level": 5}, 1, id="MQTT 5"),
        pytest.param({"level": 3}, 1, id="MQTT 3.1"),
        pytest.param({"client_id": "other"}, 2, id="another client id"),
        pytest.param({"client_id": ""}, 2, id="no client id"),
        pytest.param({"user": "0neScope/registrations/d1"}, 4, id="user without a version"),
        pytest.param({"user": "0neScope/devices/d1/api-version=1"}, 4, id="another user"),
        pytest.param({"user": ""}, 4, id="no user"),
        pytest.param({"password": b"\xff"}, 4, id="password not UTF-8"),
        pytest.param({"password": "SharedAccessSignature a\r\nb"}, 4, id="line break"),
        pytest.param({"password": "t\u00f6ken"}, 4, id="password not ASCII"),
    ],
)
def test_connection_that_cannot_be_judged_is_refused(session, mqtt_packets, said, code):
    usual = {"client_id": "d1", "user": USER, "password": "token"}

    answer = session.receive(mqtt_packets.connect(**{**usual, **said}))

    assert (answer, session.is_over) == (mqtt.connack(code), True)


def test_device_that_is_not_known_gets_connack_5(backend, session, mqtt_packets):
    backend.knows = False

    answer = session.receive(mqtt_packets.connect("d1", USER, "token") + mqtt_packets.PING)

    assert (answer, session.is_over) == (mqtt.connack(5), True)


def test_case_of_the_client_id_does_not_matter(session, mqtt_packets):
    assert session.receive(mqtt_packets.connect("D1", USER, "token")) == mqtt.connack(0)


def test_registration_is_acknowledged_and_answered(subscribed, backend, mqtt_packets):
    answer = subscribed.receive(mqtt_packets.publish(REGISTER, b'{"a":1}'))

    topic = "$dps/registrations/res/202/?$rid=7&retry-after=3"
    assert answer == mqtt.puback(2) + mqtt.publish(topic, b"{}", 1)
    assert backend.asked[-1] == ("register", "d1", b'{"a":1}')


def test_operation_is_asked_for_by_its_decoded_id(subscribed, backend, mqtt_packets):
    answer = subscribed.receive(mqtt_packets.publish(OPERATION, b" "))

    assert answer == mqtt.puback(2) + mqtt.publish("$dps/registrations/res/200/?$rid=8", b"[]", 1)
    assert backend.asked[-1] == ("operation", "d1", "5.a.b")


def test_messages_have_numbers_of_their_own(subscribed, mqtt_packets):
    first = subscribed.receive(mqtt_packets.publish(REGISTER, qos=0))
    second = subscribed.receive(mqtt_packets.publish(OPERATION, qos=0))
    subscribed.receive(b"\x40\x02\x00\x01")

    decoder = mqtt.Decoder(1 << 10)
    assert [message.packet_id for message in decoder.feed(first + second)] == [1, 2]


def test_answers_have_the_qos_that_was_granted(connected, mqtt_packets):
    connected.receive(mqtt_packets.subscribe(ANSWERS, qos=0))

    answer = connected.receive(mqtt_packets.publish(OPERATION, qos=0))

    assert answer == mqtt.publish("$dps/registrations/res/200/?$rid=8", b"[]")


@pytest.mark.parametrize(("qos", "granted"), [(0, 0), (1, 1), (2, 1)])
def test_other_subscriptions_fail(connected, mqtt_packets, qos, granted):
    wanted = mqtt_packets.subscribe("#", ANSWERS, "$dps/registrations/res/200/#", qos=qos)

    assert connected.receive(wanted) == mqtt.suback(1, [0x80, granted, 0x80])


def test_device_that_does_not_listen_is_only_acknowledged(connected, backend, mqtt_packets):
    assert connected.receive(mqtt_packets.publish(REGISTER)) == mqtt.puback(2)
    assert backend.asked[-1][0] == "register"


@pytest.mark.parametrize(("topic", "is_answered"), [(ANSWERS, False), ("other", True)])
def test_end_of_the_subscription_ends_the_answers(subscribed, mqtt_packets, topic, is_answered):
    assert subscribed.receive(mqtt_packets.unsubscribe(topic)) == mqtt.unsuback(3)

    answer = subscribed.receive(mqtt_packets.publish(REGISTER, qos=0))

    assert bool(answer) == is_answered


def test_ping_is_answered_and_goodbye_ends(connected, mqtt_packets):
    assert connected.receive(mqtt_packets.PING) == mqtt.pingresp()

    assert connected.receive(mqtt_packets.DISCONNECT + mqtt_packets.PING) == b""
    assert connected.is_over


@pytest.mark.parametrize(
    "topic",
    [
        "$dps/registrations/POST/other/?$rid=1",
        "$dps/registrations/PUT/iotdps-register/",
        "$dps/registrations/PUT/iotdps-register/?rid=1",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1",
        "d1/messages",
    ],
    ids=["another method", "no query", "no $rid", "no operation", "telemetry"],
)
def test_message_to_nowhere_is_a_protocol_error(subscribed, mqtt_packets, topic):
    with pytest.raises(ProtocolError):
        subscribed.receive(mqtt_packets.publish(topic))


def test_qos_2_is_a_protocol_error(subscribed, mqtt_packets):
    with pytest.raises(ProtocolError):
        subscribed.receive(mqtt_packets.publish(REGISTER, qos=2))


def test_first_packet_must_be_connect(session, mqtt_packets):
    with pytest.raises(ProtocolError):
        session.receive(mqtt_packets.PING)


def test_second_connect_is_a_protocol_error(connected, mqtt_packets):
    with pytest.raises(ProtocolError):
        connected.receive(mqtt_packets.connect("d1", USER, "token"))


def test_packet_ids_start_again_after_the_last(subscribed, mqtt_packets):
    subscribed._last_packet_id = 0xFFFF

    [message] = mqtt.Decoder(1 << 10).feed(
        subscribed.receive(mqtt_packets.publish(OPERATION, qos=0))
    )

    assert message.packet_id == 1


PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([REGISTER, OPERATION, ANSWERS, "x?$rid=%ff&operationId=%"]).map(str.encode),
    st.tuples(st.integers(0, 255), st.binary(max_size=60)).map(
        lambda parts: bytes([parts[0], len(parts[1])]) + parts[1]
    ),
)


@given(st.booleans(), st.lists(PIECES, max_size=6))
def test_any_bytes_end_in_answers_or_a_protocol_error(is_connected, pieces):
    session = Session(Backend(), limit=1 << 10)
    user = USER.encode()
    connect = b"\x00\x04MQTT\x04\x80\x00\x3c\x00\x02d1" + len(user).to_bytes(2, "big") + user
    if is_connected:
        assert session.receive(bytes([0x10, len(connect)]) + connect) == mqtt.connack(0)

    try:
        for piece in pieces:
            assert isinstance(session.receive(piece), bytes)
    except ProtocolError:
        return


@given(st.text(max_size=40), st.binary(max_size=40) | st.none())
def test_any_user_name_and_password_are_judged(user, password):
    session = Session(Backend(), limit=1 << 10)
    name = user.replace("\0", "").encode()
    body = b"\x00\x04MQTT\x04" + bytes([0x80 | (0 if password is None else 0x40)]) + b"\0\0\0\x02d1"
    body += len(name).to_bytes(2, "big") + name
    body += b"" if password is None else len(password).to_bytes(2, "big") + password

    answer = session.receive(bytes([0x10, len(body) & 127 | 128, len(body) >> 7]) + body)

    assert answer[:3] == b"\x20\x02\x00"
