"""The handshake: which versions, and what becomes of client certificates."""

import socket
import ssl
from threading import Thread

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.emulator.listening.tls import TlsStream, server_context


@pytest.fixture
def seen_certificates(client_context, certificate):
    """Shake hands with a server of ours, and return the chain it saw."""
    server = certificate("server")
    context = server_context(server.certificate, server.key)
    return lambda: seen_by_server(context, client_context)


def seen_by_server(server_context, client_context):
    ours, theirs = socket.socketpair()
    seen = []

    def serve():
        stream = TlsStream(server_context, ours)
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
def test_client_without_a_certificate_is_let_in(client_context, seen_certificates, version):
    client_context.minimum_version = client_context.maximum_version = version

    assert seen_certificates() == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_chain_of_an_unknown_issuer_is_seen_leaf_first(
    client_context, seen_certificates, certificate, chain_file, version
):
    client_context.minimum_version = client_context.maximum_version = version
    issuer = certificate("issuer")
    leaf = certificate("device", issuer)
    client_context.load_cert_chain(chain_file(leaf, issuer))

    assert seen_certificates() == [der(leaf), der(issuer)]


def test_bare_leaf_is_seen(client_context, seen_certificates, certificate, chain_file):
    leaf = certificate("device")
    client_context.load_cert_chain(chain_file(leaf))

    assert seen_certificates() == [der(leaf)]


def der(made):
    return made.certificate.public_bytes(Encoding.DER)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_1_is_refused(emulator, client_context):
    client_context.minimum_version = ssl.TLSVersion.TLSv1
    client_context.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        socket.create_connection((emulator.settings.host, emulator.port), timeout=10) as raw,
        pytest.raises(ssl.SSLError),
    ):
        client_context.wrap_socket(raw)
