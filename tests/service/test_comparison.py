import pytest

from dpsctl.service.comparison import is_written

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
