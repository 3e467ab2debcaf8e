"""MQTT packets: examples of the standard (MQTT 3.1.1, OASIS, 2014), and what breaks its rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.emulator.mqtt import packets as mqtt
from dpsctl.emulator.mqtt.packets import Decoder, ProtocolError

LIMIT = 1 << 22
HEADER = "00 04 4d 51 54 54 04"


def decoded(text, limit=LIMIT):
    return list(Decoder(limit).feed(bytes.fromhex(text)))


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        pytest.param(
            f"10 23 {HEADER} ce 00 0a 0003 646576 0004 77696c6c 0002 6f6b 0003 757365 0003 00ff00",
            mqtt.Connect(4, "dev", 10, "use", b"\x00\xff\x00"),
            id="CONNECT, figure 3.6",
        ),
        pytest.param(
            f"10 0c {HEADER} 00 00 00 0000", mqtt.Connect(4, ""), id="CONNECT, nothing given"
        ),
        pytest.param("10 09 0004 4d515454 05 00 00", mqtt.Connect(5, ""), id="CONNECT, MQTT 5"),
        pytest.param(
            "32 09 0003 612f62 000a 6869",
            mqtt.Publish("a/b", b"hi", 1, 10),
            id="PUBLISH, figure 3.11",
        ),
        pytest.param("30 05 0003 612f62", mqtt.Publish("a/b", b""), id="PUBLISH, QoS 0"),
        pytest.param(
            "3d 07 0003 612f62 ffff", mqtt.Publish("a/b", b"", 2, 65535), id="PUBLISH, QoS 2"
        ),
        pytest.param(
            "30 07 0005 41f0aa9b94", mqtt.Publish("A\U0002a6d4", b""), id="UTF-8, figure 1.2"
        ),
        pytest.param("40 02 000a", mqtt.PubAck(10), id="PUBACK"),
        pytest.param(
            "82 0e 000a 0003 612f62 01 0003 632f64 02",
            mqtt.Subscribe(10, (("a/b", 1), ("c/d", 2))),
            id="SUBSCRIBE, figure 3.23",
        ),
        pytest.param(
            "a2 0c 000a 0003 612f62 0003 632f64",
            mqtt.Unsubscribe(10, ("a/b", "c/d")),
            id="UNSUBSCRIBE, figure 3.30",
        ),
        pytest.param("c0 00", mqtt.PingReq(), id="PINGREQ"),
        pytest.param("e0 00", mqtt.Disconnect(), id="DISCONNECT"),
    ],
)
def test_packets_of_the_standard_are_read(text, packet):
    assert decoded(text) == [packet]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (mqtt.connack(5), "20 02 00 05"),
        (mqtt.suback(10, [0, 2, 128]), "90 05 000a 00 02 80"),
        (mqtt.unsuback(10), "b0 02 000a"),
        (mqtt.puback(10), "40 02 000a"),
        (mqtt.pingresp(), "d0 00"),
        (mqtt.publish("a/b", b"hi", 10), "32 09 0003 612f62 000a 6869"),
        (mqtt.publish("a/b", b"hi"), "30 07 0003 612f62 6869"),
    ],
    ids=["CONNACK", "SUBACK", "UNSUBACK", "PUBACK", "PINGRESP", "PUBLISH 1", "PUBLISH 0"],
)
def test_packets_of_the_standard_are_written(written, text):
    assert written == bytes.fromhex(text)


@pytest.mark.parametrize(
    ("size", "length"),
    [
        (127, "7f"),
        (128, "8001"),
        (16383, "ff7f"),
        (16384, "808001"),
        (2097151, "ffff7f"),
        (2097152, "80808001"),
    ],
)
def test_lengths_are_those_of_table_2_4(size, length):
    packet = mqtt.publish("t", bytes(size - 3))

    assert packet[1:-size].hex() == length
    assert list(Decoder(LIMIT).feed(packet)) == [mqtt.Publish("t", bytes(size - 3))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("00 00", id="no such type"),
        pytest.param("20 02 0000", id="the server's own"),
        pytest.param("f0 00", id="reserved type"),
        pytest.param("11 00", id="flags of CONNECT"),
        pytest.param("80 06 000a 0001 61 00", id="flags of SUBSCRIBE"),
        pytest.param("36 07 0003 612f62 000a", id="QoS 3"),
        pytest.param("38 05 0003 612f62", id="duplicate of QoS 0"),
        pytest.param("82 06 000a 0001 61 03", id="subscription to QoS 3"),
        pytest.param("82 02 000a", id="no filter"),
        pytest.param("a2 02 000a", id="no filter to end"),
        pytest.param("82 05 000a 0000 00", id="empty filter"),
        pytest.param("32 07 0003 612f62 0000", id="packet id 0"),
        pytest.param("30 03 0001 2b", id="wildcard + in a topic"),
        pytest.param("30 03 0001 23", id="wildcard # in a topic"),
        pytest.param("30 02 0000", id="empty topic"),
        pytest.param("30 03 0001 00", id="NUL in text"),
        pytest.param("30 04 0002 c328", id="no UTF-8"),
        pytest.param("30 05 0003 eda080", id="surrogate in UTF-8"),
        pytest.param("30 03 0005 61", id="text longer than its packet"),
        pytest.param("c0 01 00", id="more than the packet"),
        pytest.param("40 01 00", id="less than the packet"),
        pytest.param("10 00", id="empty CONNECT"),
        pytest.param("10 0c 0006 4d5149736470 03 00 0000", id="MQTT 3.1"),
        pytest.param(f"10 0c {HEADER} 01 0000 0000", id="reserved connect flag"),
        pytest.param(f"10 0f {HEADER} 40 0000 0000 0001 61", id="password without a user"),
        pytest.param(f"10 0c {HEADER} 08 0000 0000", id="QoS of no will"),
        pytest.param(f"10 0c {HEADER} 20 0000 0000", id="retain of no will"),
        pytest.param(f"10 10 {HEADER} 1c 0000 0000 0000 0000", id="will of QoS 3"),
        pytest.param("c0 80 80 80 80", id="length of five bytes"),
        pytest.param("30 81 80 80 02", id="longer than the limit"),
    ],
)
def test_what_breaks_the_rules_is_refused(text):
    with pytest.raises(ProtocolError):
        decoded(text)


def test_incomplete_packet_is_waited_for():
    decoder = Decoder(LIMIT)

    assert list(decoder.feed(bytes.fromhex("c0"))) == []
    assert list(decoder.feed(bytes.fromhex("00 e0"))) == [mqtt.PingReq()]


def everything(chunks):
    """What a decoder makes of *chunks*, up to the first error."""
    decoder, packets = Decoder(1 << 10), []
    try:
        for chunk in chunks:
            packets.extend(decoder.feed(chunk))
    except ProtocolError:
        packets.append("error")
    return packets


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes_give_packets_or_a_protocol_error_however_they_are_cut(chunks):
    whole = b"".join(chunks)
    bytewise = [whole[place : place + 1] for place in range(len(whole))]

    assert everything(chunks) == everything(bytewise)


@given(st.integers(0, 255), st.binary(max_size=100))
def test_any_body_gives_a_packet_or_a_protocol_error(first, body):
    packets = everything([bytes([first, len(body)]) + body])

    assert len(packets) == 1


@given(
    st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1),
    st.binary(max_size=300),
    st.none() | st.integers(1, 0xFFFF),
)
def test_written_messages_are_read_again(topic, payload, packet_id):
    [packet] = everything([mqtt.publish(topic, payload, packet_id)])

    assert (packet.topic, packet.payload, packet.packet_id) == (topic, payload, packet_id)
