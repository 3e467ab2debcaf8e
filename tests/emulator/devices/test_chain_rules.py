"""What RFC 5280 asks of a chain: who is refused, and what the log says of it; OpenSSL agrees."""

from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from dpsctl.emulator.answers import Refusal
from dpsctl.emulator.devices.enrolled import Device
from dpsctl.emulator.devices.identification import identify

CLIENT, SERVER = Purpose.CLIENT_AUTH, Purpose.SERVER_AUTH
INVALID, UNTRUSTED = "Invalid certificate.", "Unauthorized"


def usage(*allowed):
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: name in allowed for name in names.split()})


def purpose(*allowed):
    return x509.ExtendedKeyUsage(allowed)


def directory(name):
    return x509.DirectoryName(x509.Name.from_rfc4514_string(name))


def permitted(*names):
    return x509.NameConstraints(list(names), None)


def excluded(*names):
    return x509.NameConstraints(None, list(names))


def also(*names):
    return x509.SubjectAlternativeName(list(names))


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
HOST, MAIL, URL = x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier
ADDRESS = x509.IPAddress(ip_network("192.0.2.7/32").network_address)
NETWORK = x509.IPAddress(ip_network("192.0.2.0/24"))
# Each is a chain from the device up, each link with what makes it, and what the log says in the
# end; nothing means that the device is let in.
GOOD = {
    "nothing said": [{}, {}, {}],
    "all said": [
        {"more": [usage("digital_signature"), purpose(SERVER, CLIENT)]},
        {"more": [usage("key_cert_sign"), permitted(directory("O=Acme"))], "path_length": 0},
        {"more": [usage("key_cert_sign", "crl_sign")], "path_length": 1},
    ],
    "any purpose": [{"more": [purpose(Purpose.ANY_EXTENDED_KEY_USAGE)]}, {}],
    "names of other kinds": [{}, {"more": [permitted(HOST("example.test"), NETWORK)]}],
    "names within": [
        {"more": [also(HOST("d1.Line.test"), MAIL("d1@line.test"), ADDRESS)]},
        {"more": [permitted(HOST("line.test"), MAIL("line.test"), NETWORK)]},
    ],
    "more names within": [
        {"more": [also(MAIL("d1@line.test"), URL("https://d1.line.test/x"))]},
        {"more": [permitted(MAIL("d1@Line.test"), URL(".line.test"))]},
    ],
    "names not excluded": [
        {"more": [also(HOST("d1.line.test"), MAIL("d1@a.line.test"), URL("https://line.test"))]},
        {"more": [excluded(HOST("other.test"), MAIL("line.test"), URL(".line.test"))]},
    ],
    "another spelling": [{}, {"more": [permitted(directory("O=ACME"))]}],
}
BAD = {
    "two common names": (
        [{"name": "CN=d1+CN=d2,O=Acme"}, {}],
        "has 2 common names, not one",
        INVALID,
    ),
    "no common name": ([{"name": "O=Acme"}, {}], "has 0 common names, not one", INVALID),
    "no digital signature": (
        [{"more": [usage("key_encipherment")]}, {}],
        "has a key usage without digitalSignature",
        INVALID,
    ),
    "for servers": (
        [{"more": [purpose(SERVER)]}, {}],
        "has an extended key usage without clientAuth",
        INVALID,
    ),
    "unknown in the leaf": (
        [{"more": [UNKNOWN]}, {}],
        "has a critical extension that is not known, 1.2.3.4",
        INVALID,
    ),
    "unknown above": (
        [{}, {"more": [UNKNOWN]}, {}],
        "'CN=link-1' has a critical extension that is not known, 1.2.3.4",
        UNTRUSTED,
    ),
    "no authority": (
        [{}, {"ca": False}, {}],
        "'CN=link-1' is no authority: its basic constraints do not say so",
        UNTRUSTED,
    ),
    "no keyCertSign": (
        [{}, {"more": [usage("digital_signature")]}, {}],
        "'CN=link-1' has a key usage without keyCertSign",
        UNTRUSTED,
    ),
    "no keyCertSign in what is trusted": (
        [{}, {"more": [usage("crl_sign")]}],
        "'CN=link-1' has a key usage without keyCertSign",
        UNTRUSTED,
    ),
    "path length": (
        [{}, {}, {"path_length": 0}, {}],
        "'CN=link-2' has the path length 0, but 1 authorities stand below it",
        UNTRUSTED,
    ),
    "path length of what is trusted": (
        [{}, {}, {}, {"path_length": 1}],
        "'CN=link-3' has the path length 1, but 2 authorities stand below it",
        UNTRUSTED,
    ),
    "another directory": (
        [{}, {"more": [permitted(directory("O=Other"))]}, {}],
        "'CN=link-1' may not vouch for 'CN=d1, O=Acme': CN=d1,O=Acme",
        UNTRUSTED,
    ),
    "excluded directory": (
        [{}, {}, {"more": [excluded(directory("O=acme"))]}],
        "'CN=link-2' may not vouch for 'CN=d1, O=Acme': CN=d1,O=Acme",
        UNTRUSTED,
    ),
    "authority of another directory": (
        [{}, {}, {"more": [permitted(directory("O=Acme"))]}],
        "'CN=link-2' may not vouch for 'CN=link-1': CN=link-1",
        UNTRUSTED,
    ),
    "another host": (
        [{"more": [also(HOST("d1.other.test"))]}, {"more": [permitted(HOST("line.test"))]}],
        "'CN=link-1' may not vouch for 'CN=d1, O=Acme': d1.other.test",
        UNTRUSTED,
    ),
    "host of the same ending": (
        [{"more": [also(HOST("online.test"))]}, {"more": [permitted(HOST("line.test"))]}],
        "online.test",
        UNTRUSTED,
    ),
    "excluded host": (
        [{"more": [also(HOST("line.test"))]}, {"more": [excluded(HOST("LINE.test"))]}],
        "line.test",
        UNTRUSTED,
    ),
    "another mailbox": (
        [{"more": [also(MAIL("d2@line.test"))]}, {"more": [permitted(MAIL("d1@line.test"))]}],
        "d2@line.test",
        UNTRUSTED,
    ),
    "mail of a host below": (
        [{"more": [also(MAIL("d1@a.line.test"))]}, {"more": [permitted(MAIL("line.test"))]}],
        "d1@a.line.test",
        UNTRUSTED,
    ),
    "mail in the subject": (
        [{"name": "emailAddress=a@o.test,CN=d1"}, {"more": [permitted(MAIL("line.test"))]}],
        "a@o.test",
        UNTRUSTED,
    ),
    "another URL": (
        [{"more": [also(URL("https://line.test/"))]}, {"more": [permitted(URL(".line.test"))]}],
        "https://line.test/",
        UNTRUSTED,
    ),
    "another network": (
        [{"more": [also(ADDRESS)]}, {"more": [excluded(NETWORK)]}],
        "192.0.2.7",
        UNTRUSTED,
    ),
}


@pytest.fixture
def chain_of(certificate):
    """Make the chain that *links* describe, the device's own certificate first."""

    def make(links):
        made = []
        for place, link in reversed(list(enumerate(links))):
            name = link.get("name", f"CN=link-{place}" if place else "CN=d1,O=Acme")
            rest = {"ca": place > 0} | {key: link[key] for key in link if key != "name"}
            made.insert(0, certificate(name, made[0] if made else None, **rest))
        return made

    return make


@pytest.fixture
def registered(chain_of, create_group, device, emulator):
    """Register d1 with a chain whose last link a group trusts; return the answer and the log."""

    def register(links):
        chain = chain_of(links)
        slots = {"signingCertificates": {"primary": {"certificate": chain[-1].pem.decode()}}}
        create_group("g1", attestation={"type": "x509", "x509": slots})
        return device("d1", chain=chain[:-1]).send(), emulator.requests()[-1]

    return register


@pytest.mark.parametrize("links", GOOD.values(), ids=GOOD)
def test_good_chain_registers(registered, links):
    answer, seen = registered(links)

    assert (answer.status_code, seen["reason"]) == (202, None)


@pytest.mark.parametrize(("links", "reason", "message"), BAD.values(), ids=BAD)
def test_bad_chain_is_401_and_the_log_says_why(registered, links, reason, message):
    answer, seen = registered(links)

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401002)
    assert answer.json()["message"] == message
    assert seen["status"] == 401
    assert reason in seen["reason"]


# One common name is the service's own rule; the RFC leaves open what any purpose is worth.
OUR_OWN = {"two common names", "no common name", "any purpose"}


@pytest.mark.parametrize("case", [name for name in (*GOOD, *BAD) if name not in OUR_OWN])
def test_openssl_judges_alike(chain_of, openssl, case):
    chain = chain_of(GOOD[case] if case in GOOD else BAD[case][0])
    between = "-untrusted between" if chain[1:-1] else ""
    line = f"verify -purpose sslclient -partial_chain -trusted trusted {between} leaf"

    above = b"".join(link.pem for link in chain[1:-1])
    code, said = openssl(line, leaf=chain[0].pem, between=above, trusted=chain[-1].pem)

    assert (code == 0) == (case in GOOD), said


def test_authority_that_changed_its_key_does_not_count_for_the_path_length(
    certificate, create_group, device
):
    old = certificate("factory", path_length=0)
    new = certificate("factory", old)
    leaf = certificate("d1", new, ca=False)
    slots = {"signingCertificates": {"primary": {"certificate": old.pem.decode()}}}
    create_group("g1", attestation={"type": "x509", "x509": slots})

    assert device("d1", chain=[leaf, new]).send().status_code == 202


def test_chain_of_more_links_than_tls_libraries_verify_registers(registered):
    answer, seen = registered([{}] * 130)

    assert (answer.status_code, seen["reason"]) == (202, None)


@pytest.mark.parametrize(
    ("more", "status"),
    [([], 202), ([usage("key_agreement")], 401), ([purpose(SERVER)], 401)],
    ids=["nothing said", "no digital signature", "for servers"],
)
def test_certificate_of_an_individual_enrollment_is_judged_alike(
    api, certificate, device, more, status
):
    own = certificate("d1", ca=False, more=more)
    slots = {"clientCertificates": {"primary": {"certificate": own.pem.decode()}}}
    body = {"registrationId": "d1", "attestation": {"type": "x509", "x509": slots}}
    api("PUT", "/enrollments/d1", body)

    assert device("d1", chain=[own]).send().status_code == status


@pytest.mark.parametrize("place", [0, 1, 2], ids=["leaf", "between", "trusted"])
@pytest.mark.parametrize("kind", [x509.KeyUsage, x509.NameConstraints])
def test_extension_that_cannot_be_read_counts_as_none_to_nobody(
    emulator, chain_of, create_group, place, kind
):
    damaged = x509.UnrecognizedExtension(kind.oid, b"\x04\x00")
    links = [{}, {}, {}]
    links[place] = {"more": [damaged]}
    chain = chain_of(links)
    slots = {"signingCertificates": {"primary": {"certificate": chain[-1].pem.decode()}}}
    create_group("g1", attestation={"type": "x509", "x509": slots})
    presented = tuple(link.certificate.public_bytes(Encoding.DER) for link in chain[:-1])

    with pytest.raises(Refusal) as refused:
        identify(emulator.service, Device(emulator.id_scope, "d1", None, presented))

    assert "has extensions that cannot be read" in refused.value.reason


def test_log_says_that_nobody_is_trusted(registered, device, certificate, emulator):
    registered([{}, {}])
    stranger = certificate("stranger")

    device("d1", chain=[certificate("d1", stranger), stranger]).send()

    assert emulator.requests()[-1]["reason"] == (
        "No enrollment trusts who issued 'CN=d1', 'CN=stranger'."
    )
