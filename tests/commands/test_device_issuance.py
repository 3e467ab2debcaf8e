"""`device register` that asks for a certificate: the request, the answer's chain, the files."""

import base64
import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from issuing import make_certificate
from werkzeug.wrappers import Response

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="
POLICY = "--adr-namespace plant-1 --adr-ca-name ca1 --adr-cert-policy-name pol-1"
REGISTER = f"device register --rid d1 --group-key {KEY} --retries 0"
MADE = ["d1.chain.pem", "d1.key", "d1.pem"]
EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def group(inside):
    """A group that names a certificate policy."""
    inside(f"enrollment-group create --gid g1 --primary-key {KEY} {POLICY}")
    return inside


@pytest.fixture
def request_file(openssl, tmp_path):
    """Make a request with openssl, and return its path."""

    def make(subject="/CN=d1", how=EC, ending=""):
        code, said = openssl(f"req -new {how} -nodes -keyout d1.own -subj '{subject}' -out csr")
        assert code == 0, said
        if ending:
            openssl(f"req -in csr {ending} -out csr")
        return tmp_path / "csr"

    return make


def left():
    return sorted(os.listdir("."))  # noqa: PTH208 - with what begins with a dot


def test_key_certificate_and_chain_are_written(group, openssl, tmp_path):
    ran = group(f"{REGISTER} --issue-certificate d1")

    assert left() == MADE
    assert [ran.json[name] for name in ("chainPath", "keyPath", "certificatePath")] == MADE
    assert stat.S_IMODE(Path("d1.key").stat().st_mode) == 0o600
    for name in MADE:
        (tmp_path / name).write_bytes(Path(name).read_bytes())
    assert openssl("verify -CAfile d1.chain.pem d1.pem") == (0, "d1.pem: OK\n")
    assert openssl("x509 -in d1.pem -noout -pubkey") == openssl("pkey -in d1.key -pubout")
    assert Path("d1.chain.pem").read_bytes().startswith(Path("d1.pem").read_bytes())
    secret = Path("d1.key").read_text().splitlines()[1]
    assert secret not in ran.out + ran.err


@pytest.mark.parametrize(("flag", "size"), [("", 256), ("--rsa", 2048)])
def test_key_is_of_the_kind_that_is_wanted(group, flag, size):
    group(f"{REGISTER} --issue-certificate d1.pem {flag}")

    assert load_pem_private_key(Path("d1.key").read_bytes(), None).key_size == size


def test_connection_string_is_that_of_the_certificate(group):
    ran = group(f"{REGISTER} --issue-certificate d1 --show-connection-string")

    assert ran.json["connectionString"].endswith(";x509=true")


def test_device_with_a_certificate_is_issued_another(inside, issue):
    own = issue("d1")
    inside(f"enrollment create --eid d1 --at x509 --cp {own.path} {POLICY}")

    inside(f"device register --rid d1 --cp {own.path} --kp {own.key_path} --issue-certificate d1")

    issued = x509.load_pem_x509_certificate(Path("d1.pem").read_bytes())
    assert issued.public_key() != own.key.public_key()


@pytest.mark.parametrize("ending", ["", "-outform DER"])
@pytest.mark.parametrize("verb", [REGISTER, "device registration create --rid d1 --gid g1"])
def test_request_of_a_file_is_sent_along(group, request_file, verb, ending):
    path = request_file(ending=ending)

    ran = group(f"{verb} --csr {path}")

    state = ran.json.get("registrationState", ran.json)
    leaf = x509.load_der_x509_certificate(base64.b64decode(state["issuedCertificateChain"][0]))
    form = x509.load_der_x509_csr if ending else x509.load_pem_x509_csr
    assert leaf.public_key() == form(path.read_bytes()).public_key()
    assert left() == []


@pytest.mark.parametrize("form", ["pem", "base64", "standard input", "base64 in a file"])
def test_request_may_be_the_value_itself(group, request_file, form):
    pem = request_file().read_text()
    der = x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)
    # Of an RSA key: that of an elliptic curve fits into the name of a file.
    long = x509.load_pem_x509_csr(request_file(how="-newkey rsa:2048").read_bytes())
    text = base64.b64encode(long.public_bytes(Encoding.DER)).decode()
    Path("b64").write_bytes(base64.b64encode(der))
    value = {"pem": pem, "base64": text, "standard input": "-", "base64 in a file": "b64"}[form]

    ran = group([*shlex.split(REGISTER), "--csr", value], stdin=pem)

    assert len(ran.json["issuedCertificateChain"]) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "no certificate request can be read", id="empty"),
        pytest.param(b"\0" * 5_000_000, "no certificate request can be read", id="huge"),
        pytest.param(
            b"-----BEGIN CERTIFICATE REQUEST-----\nx", "CERTIFICATE REQUEST", id="garbage"
        ),
        pytest.param(make_certificate("d1").pem, "it holds CERTIFICATE", id="a certificate"),
        pytest.param(make_certificate("d1").key_pem(), "PRIVATE KEY", id="a key"),
    ],
)
def test_file_that_holds_no_request_is_refused(group, emulator, content, said):
    Path("csr").write_bytes(content)
    before = len(emulator.requests())

    ran = group(f"{REGISTER} --csr csr", expect=2)

    assert "--csr csr: no certificate request can be read" in ran.err
    assert said in ran.err
    assert len(emulator.requests()) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--csr gone", "--csr gone: cannot read the file"),
        ("--csr .", "--csr .: cannot read the file: Is a directory"),
        ("--csr x --issue-certificate d1", "--csr and --issue-certificate exclude each other"),
        ("--rsa", "--rsa goes with --issue-certificate only"),
        ("--force --csr x", "--force goes with --issue-certificate only"),
        ("--issue-certificate made/", "--issue-certificate made/: names no file"),
        ("--issue-certificate -", "--issue-certificate -: names no file"),
        (f"--issue-certificate {'d' * 300}", f"{'d' * 300}.pem: File name too long"),
        ("--issue-certificate ..", "--issue-certificate ..: names no file"),
        ("--issue-certificate .pem", "--issue-certificate .pem: names no file"),
        ("--issue-certificate gone/d1", "--issue-certificate gone/d1.key: No such file"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(group, emulator, options, said):
    before = len(emulator.requests())

    ran = group(f"{REGISTER} {options}", expect=2)

    assert said in ran.err
    assert len(emulator.requests()) == before
    assert left() == []


def test_request_of_another_device_or_two_or_a_broken_one_is_refused(group, request_file):
    path = request_file("/CN=d2")
    ran = group(f"{REGISTER} --csr {path}", expect=2)
    assert "(CN) is 'd2', not the registration id 'd1'" in ran.err

    path.write_bytes(path.read_bytes() * 2)
    assert "holds 2 requests" in group(f"{REGISTER} --csr {path}", expect=2).err

    der = bytearray(request_file(ending="-outform DER").read_bytes())
    der[-1] ^= 1
    path.write_bytes(der)
    assert "its signature is not" in group(f"{REGISTER} --csr {path}", expect=2).err


def test_request_alone_is_no_proof(group, emulator, request_file):
    before = len(emulator.requests())

    ran = group(f"device register --rid d1 --csr {request_file()}", expect=2)

    assert "--key, --group-key or --certificate-path is missing" in ran.err
    assert len(emulator.requests()) == before


def test_request_that_the_service_refuses_names_the_version(group, request_file):
    ran = group(f"{REGISTER} --csr {request_file(how='-newkey rsa:1024')}", expect=1)

    assert "RSA of 2048 to 4096 bits" in ran.err
    assert "api-version 2026-11-01" in ran.err


def test_id_that_is_too_long_for_a_name_is_refused(group):
    ran = group(f"{REGISTER} --rid {'d' * 65} --issue-certificate d1", expect=2)

    assert "--registration-id: 65 bytes are too long" in ran.err


@pytest.mark.parametrize("name", MADE)
def test_file_that_exists_is_kept_and_nothing_is_sent(group, emulator, name):
    Path(name).write_text("old")
    before = len(emulator.requests())

    ran = group(f"{REGISTER} --issue-certificate d1", expect=2)

    assert f"--issue-certificate {name}: exists already" in ran.err
    assert (left(), Path(name).read_text()) == ([name], "old")
    assert len(emulator.requests()) == before


def test_force_replaces_what_is_there_once_there_is_something_else(group):
    for name in MADE:
        Path(name).write_text("old")

    group(f"{REGISTER} --issue-certificate d1 --force --key {KEY}", expect=2)
    assert {Path(name).read_text() for name in MADE} == {"old"}
    group(f"{REGISTER} --issue-certificate d1 --force")

    assert left() == MADE
    assert "old" not in {Path(name).read_text() for name in MADE}


@pytest.mark.parametrize("options", ["--issue-certificate d1", "--csr csr"])
def test_answer_without_a_chain_says_what_the_group_lacks(inside, request_file, options):
    Path("csr").write_bytes(request_file().read_bytes())
    inside(f"enrollment-group create --gid g1 --primary-key {KEY}")

    ran = inside(f"{REGISTER} {options}", expect=1)

    assert "The device is assigned to hub-1.azure-devices.net, but no certificate was" in ran.err
    assert "--adr-cert-policy-name" in ran.err
    assert "2026-11-01" in ran.err
    assert (ran.out, left()) == ("", ["csr"])


def test_dry_run_shows_the_request_and_writes_nothing(group):
    ran = group(f"{REGISTER} --issue-certificate d1 --dry-run")

    csr = x509.load_der_x509_csr(base64.b64decode(ran.json["body"]["csr"], validate=True))
    assert csr.subject.rfc4514_string() == "CN=d1"
    assert "api-version=2026-11-01" in ran.json["url"]
    assert left() == []


def test_registration_without_a_request_is_asked_for_as_ever(group, emulator):
    group(REGISTER)

    asked = next(one for one in emulator.requests() if one["path"].endswith("/register"))
    assert asked["query"] == {"api-version": "2021-10-01"}
    assert asked["body"] == {"registrationId": "d1"}


@pytest.fixture
def odd(httpserver, run_offline, monkeypatch):
    """Register with a service that makes the chain of the request with a function."""
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))

    def register(chain_of, options="--issue-certificate d1", **given):
        def answer(request):
            csr = x509.load_der_x509_csr(base64.b64decode(request.json["csr"]))
            state = {"assignedHub": "hub.example", "issuedCertificateChain": chain_of(csr)}
            body = {"operationId": "o", "status": "assigned", "registrationState": state}
            return Response(json.dumps(body), content_type="application/json")

        httpserver.expect_request("/0ne1/registrations/d1/register").respond_with_handler(answer)
        return run_offline(f"{REGISTER} --id-scope 0ne1 {options}", **given)

    return register


ISSUER = make_certificate("issuer")


def issued(csr):
    """Sign what the request asks for."""
    now = ISSUER.certificate.not_valid_before_utc
    return (
        x509.CertificateBuilder(
            issuer_name=ISSUER.certificate.subject,
            subject_name=csr.subject,
            public_key=csr.public_key(),
            serial_number=7,
            not_valid_before=now,
            not_valid_after=ISSUER.certificate.not_valid_after_utc,
        )
        .sign(ISSUER.key, x509.load_pem_x509_certificate(ISSUER.pem).signature_hash_algorithm)
        .public_bytes(Encoding.DER)
    )


def text_of(data):
    return base64.b64encode(data).decode()


def pem_of(der):
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("form", [lambda der: der, pem_of], ids=["DER", "PEM"])
def test_elements_are_read_as_der_and_as_pem(odd, form):
    issuer = ISSUER.certificate.public_bytes(Encoding.DER)

    odd(lambda csr: [text_of(form(issued(csr))), text_of(form(issuer))])

    assert Path("d1.chain.pem").read_bytes() == Path("d1.pem").read_bytes() + ISSUER.pem


@pytest.mark.parametrize(
    ("chain_of", "said"),
    [
        pytest.param(lambda _: 7, "issuedCertificateChain", id="a number"),
        pytest.param(lambda _: "x", "issuedCertificateChain", id="a text"),
        pytest.param(lambda _: {}, "issuedCertificateChain", id="an object"),
        pytest.param(
            lambda csr: [text_of(issued(csr)), 7], "issuedCertificateChain", id="a member"
        ),
        pytest.param(lambda _: [], "no certificate was issued", id="empty"),
        pytest.param(lambda _: None, "no certificate was issued", id="null"),
        pytest.param(lambda _: [""], "element 1 of 1", id="an empty element"),
        pytest.param(lambda _: ["no base64"], "element 1 of 1", id="no base64"),
        pytest.param(lambda _: ["\ud800"], "element 1 of 1", id="half a character"),
        pytest.param(
            lambda csr: [text_of(issued(csr)), text_of(b"x")], "element 2 of 2", id="no issuer"
        ),
        pytest.param(
            lambda csr: [text_of(ISSUER.pem), text_of(issued(csr))],
            "begins with 'CN=issuer', whose key is another",
            id="another key",
        ),
    ],
)
def test_chain_that_is_none_is_refused_and_nothing_is_left(odd, chain_of, said):
    ran = odd(chain_of, expect=1)

    assert said in ran.err
    assert (ran.out, left()) == ("", [])


def test_file_that_came_up_meanwhile_is_kept_and_it_is_said_what_was_done(odd):
    def chain_of(csr):
        Path("d1.pem").write_text("another's")
        return [text_of(issued(csr))]

    ran = odd(chain_of, expect=1)

    assert "assigned to hub.example, but its certificate was not written" in ran.err
    assert (left(), Path("d1.pem").read_text()) == (["d1.pem"], "another's")


def test_key_is_on_the_disk_before_its_certificate_is_there(odd):
    seen = []

    def chain_of(csr):
        (name,) = left()
        key = load_pem_private_key(Path(name).read_bytes(), None)
        seen.append((key.public_key() == csr.public_key(), Path(name).stat().st_mode & 0o777))
        return [text_of(issued(csr))]

    odd(chain_of)

    assert seen == [(True, 0o600)]


def test_device_that_waits_in_vain_leaves_nothing_and_is_told_to_register_again(
    httpserver, run_offline, monkeypatch
):
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/0ne1/registrations/d1/register").respond_with_json(
        {"operationId": "o", "status": "assigning"}, status=202, headers={"Retry-After": "9"}
    )

    line = f"{REGISTER} --id-scope 0ne1 --wait 1 --issue-certificate d1"
    ran = run_offline(line, expect=7)

    assert "register again" in ran.err
    assert "operation-status" not in ran.err
    assert left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing(httpserver, number):
    """Interrupted while the service has not answered yet, and the key waits on the disk."""
    came = []

    def never(request):
        came.append((request.json["registrationId"], len(left())))
        child.send_signal(number)
        child.wait(10)
        return Response("{}")

    httpserver.expect_request("/0ne1/registrations/d1/register").respond_with_handler(never)
    environment = {**os.environ, "DPSCTL_DEVICE_ENDPOINT_URL": httpserver.url_for("").rstrip("/")}
    words = f"{REGISTER} --id-scope 0ne1 --issue-certificate d1"
    child = subprocess.Popen(
        [sys.executable, "-m", "dpsctl", *shlex.split(words)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )

    assert child.wait(30) == 128 + number
    assert (came, left()) == ([("d1", 1)], [])


@pytest.mark.usefixtures("group")
def test_of_three_at_a_time_one_writes_and_what_it_wrote_stays_together():
    words = [sys.executable, "-m", "dpsctl", *shlex.split(f"{REGISTER} --issue-certificate d1")]
    codes = []
    threads = [
        Thread(target=lambda: codes.append(subprocess.run(words, check=False).returncode))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes.count(0) == 1
    key = load_pem_private_key(Path("d1.key").read_bytes(), None)
    leaf = x509.load_pem_x509_certificate(Path("d1.pem").read_bytes())
    assert leaf.public_key() == key.public_key()
    assert left() == MADE
