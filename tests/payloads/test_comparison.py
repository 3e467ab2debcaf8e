import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from issuing import make_certificate

from dpsctl.payloads.comparison import is_same, is_unchanged, is_written, thumbprint

PEM = """\
-----BEGIN CERTIFICATE-----
MIIBNjCB6aADAgECAgEBMAUGAytlcDARMQ8wDQYDVQQDDAZ0ZXN0Y2EwHhcNMjYw
-----END CERTIFICATE-----"""


@pytest.mark.parametrize(
    ("sent", "found", "answer"),
    [
        pytest.param({"a": 1}, {"a": 1, "provisioningStatus": "enabled"}, True, id="filled-in"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, False, id="not-removed"),
        pytest.param({"a": 1}, {"a": 1, "b": None}, True, id="null-beside-it"),
        pytest.param(
            {"symmetricKey": {"primaryKey": "p"}},
            {"symmetricKey": {"primaryKey": "p", "secondaryKey": "s"}},
            True,
            id="key-made-by-the-service",
        ),
        pytest.param(
            {"initialTwin": {"tags": {}}},
            {"initialTwin": {"tags": {"info": 1}}},
            False,
            id="tags-not-cleared",
        ),
        pytest.param(
            {"caReferences": {"primary": "a"}},
            {"caReferences": {"primary": "a", "secondary": "b"}},
            False,
            id="name-not-removed",
        ),
        pytest.param({"a": 1, "etag": "x"}, {"a": 1, "etag": "y"}, True, id="etag"),
        pytest.param({"a": 1}, {"a": True}, False, id="true-is-not-1"),
        pytest.param(
            {"initialTwin": {"tags": {"a": 1}}},
            {"initialTwin": {"tags": {"a": True}}},
            False,
            id="true-is-not-1-in-a-twin",
        ),
        pytest.param(
            {"initialTwin": {"tags": {"a": [1]}}},
            {"initialTwin": {"tags": {"a": [1.0]}}},
            True,
            id="twin",
        ),
        pytest.param(
            {"initialTwin": {"tags": {"etag": 1, "b": None}}},
            {"initialTwin": {"tags": {}}},
            False,
            id="any-field-of-a-twin-counts",
        ),
        pytest.param({"a": None}, {}, True, id="null"),
        pytest.param({"a": 1}, {"a": 2}, False, id="other-value"),
        pytest.param({"a": 1}, {}, False, id="missing"),
        pytest.param({"a": {}}, {"a": None}, False, id="object-for-null"),
        pytest.param({"a": [1, 2]}, {"a": [1, 2]}, True, id="list"),
        pytest.param({"a": [1, 2]}, {"a": [2, 1]}, False, id="order"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, False, id="longer-list"),
        pytest.param({"a": [1]}, {"a": 1}, False, id="list-for-number"),
        pytest.param({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1, "etag": 2}}}, True, id="nested"),
        pytest.param(
            {"certificate": "no pem"}, {"info": {"sha256Thumbprint": "X"}}, False, id="pem"
        ),
        pytest.param({"certificate": PEM}, {}, False, id="no-info"),
        pytest.param({"certificate": "no pem"}, {"info": {}}, False, id="nothing-to-compare"),
    ],
)
def test_what_was_sent_is_looked_for_in_what_is_there(sent, found, answer):
    assert is_written(sent, found) is answer


def test_certificate_is_known_by_its_thumbprint(run, certificate_file):
    path, other = certificate_file("1.pem"), certificate_file("2.pem")
    found = run(f"enrollment-group create --gid g1 --cp {path}").json["attestation"]
    slot = found["x509"]["signingCertificates"]["primary"]

    assert is_written({"certificate": path.read_text()}, slot)
    assert not is_written({"certificate": other.read_text()}, slot)


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        pytest.param({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]}, True, id="number"),
        pytest.param({"a": None}, {}, False, id="null-in-data"),
        pytest.param([1, 2], [2, 1], False, id="order"),
        pytest.param([True], [1], False, id="true"),
        pytest.param([0], [False], False, id="false"),
        pytest.param("7", 7, False, id="text"),
        pytest.param({}, [], False, id="empty"),
    ],
)
def test_values_are_the_same_as_json_has_it(one, other, answer):
    assert is_same(one, other) is answer
    assert is_same(other, one) is answer


@pytest.fixture
def certificate():
    return make_certificate("d1")


def slot_of(print_):
    return {"info": {"sha256Thumbprint": print_, "subjectName": "CN=d1"}}


def test_thumbprint_is_that_of_the_first_certificate(certificate):
    expected = certificate.certificate.fingerprint(SHA256()).hex().upper()
    pem = certificate.pem.decode()

    assert thumbprint(pem) == expected
    assert thumbprint(f"Bag Attributes\n{pem}{make_certificate('ca').pem.decode()}") == expected
    assert thumbprint(pem.replace("BEGIN", "BEG")) is None
    assert thumbprint(pem.replace("END", "EN")) is None


@pytest.mark.parametrize(
    ("held", "wanted", "answer"),
    [
        pytest.param({"a": {"b": 1}}, {"a": {"b": 1.0}}, True, id="same"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, False, id="other"),
        pytest.param({"a": 1}, {"a": 1, "b": None}, False, id="null-beside-it"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, False, id="taken-away"),
        pytest.param({"a": 1}, {"b": 1}, False, id="another-name"),
        pytest.param({"a": [1]}, {"a": {}}, False, id="object-for-list"),
        pytest.param({"a": {}}, {"a": [1]}, False, id="list-for-object"),
        pytest.param(
            {"certificate": "x", "info": None}, {"certificate": "x", "info": None}, True, id="text"
        ),
        pytest.param(
            {"certificate": "x", "info": None},
            {"certificate": "y", "info": None},
            False,
            id="texts",
        ),
        pytest.param({"info": None}, {"certificate": "-----BEGIN"}, False, id="no-info"),
    ],
)
def test_write_of_the_same_would_change_nothing(held, wanted, answer):
    assert is_unchanged(held, wanted) is answer


def test_certificate_that_is_held_is_unchanged_but_a_chain_is_never_sure(certificate):
    pem = certificate.pem.decode()
    held = slot_of(certificate.certificate.fingerprint(SHA256()).hex().upper())

    assert is_unchanged(held, {"certificate": pem})
    assert is_unchanged({"primary": held}, {"primary": {"certificate": pem}})
    assert not is_unchanged(slot_of("AB" * 32), {"certificate": pem})
    assert not is_unchanged({"info": {}}, {"certificate": pem})
    assert not is_unchanged(held, {"certificate": pem + make_certificate("ca").pem.decode()})
    assert is_unchanged(held, held)


def test_thumbprint_of_a_chain_ends_with_its_first_certificate():
    one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

    assert thumbprint(one + one.replace("AAAA", "BBBB")) == thumbprint(one)
