"""The handshake: which versions, and what becomes of client certificates."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dpsctl.emulator.tls import TlsStream, server_context


def certificate(name, issuer=None):
    """Make a certificate signed by *issuer*, a pair of certificate and key, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer[0].subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now,
        not_valid_after=now + timedelta(days=1),
    ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer[1] if issuer else key, SHA256()), key


def pem_file(folder, chain, key):
    path = folder / "client.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    return path


def seen_certificates(client_context):
    """Shake hands with a server of ours, and return the chain it saw."""
    ours, theirs = socket.socketpair()
    seen = []

    def serve():
        stream = TlsStream(server_context(*certificate("server")), ours)
        seen.extend(stream.peer_certificates())
        stream.write(b"!")
        stream.close()

    server = Thread(target=serve)
    server.start()
    with theirs, ours:
        client = client_context.wrap_socket(theirs)
        assert client.recv(1) == b"!"
        client.close()
        server.join()
    return seen


@pytest.fixture
def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_without_a_certificate_is_let_in(client_context, version):
    client_context.minimum_version = client_context.maximum_version = version

    assert seen_certificates(client_context) == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_chain_of_an_unknown_issuer_is_seen_leaf_first(client_context, tmp_path, version):
    client_context.minimum_version = client_context.maximum_version = version
    issuer = certificate("issuer")
    leaf, key = certificate("device", issuer)
    client_context.load_cert_chain(pem_file(tmp_path, [leaf, issuer[0]], key))

    seen = seen_certificates(client_context)

    assert seen == [one.public_bytes(Encoding.DER) for one in (leaf, issuer[0])]


def test_bare_leaf_is_seen(client_context, tmp_path):
    leaf, key = certificate("device")
    client_context.load_cert_chain(pem_file(tmp_path, [leaf], key))

    assert seen_certificates(client_context) == [leaf.public_bytes(Encoding.DER)]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_1_is_refused(emulator, client_context):
    client_context.minimum_version = ssl.TLSVersion.TLSv1
    client_context.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        socket.create_connection((emulator.settings.host, emulator.port), timeout=10) as raw,
        pytest.raises(ssl.SSLError),
    ):
        client_context.wrap_socket(raw)
