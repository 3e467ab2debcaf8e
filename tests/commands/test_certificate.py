"""`dpsctl certificate`, judged by the openssl program."""

import os
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECRET = "correct horse battery staple"


@pytest.fixture
def certificate(run_offline, tmp_path, monkeypatch):
    """Run `dpsctl certificate` in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o022)
    yield lambda line, **more: run_offline(f"certificate {line}", **more)
    os.umask(mask)


@pytest.fixture
def line(certificate):
    """An intermediate, line.pem, under root.pem; line.chain.pem holds both."""
    certificate("root --cn root")
    certificate("intermediate --cn line --issuer root.pem --chain")
    return "line.pem"


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text(f"{SECRET}\n")
    return path.name


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_root_writes_a_pair_and_says_what_it_is(certificate, openssl, tmp_path):
    made = certificate("root --cn 'Factory root'").json

    assert (made["certificatePath"], made["keyPath"]) == ("Factory-root.pem", "Factory-root.key")
    assert openssl("verify -x509_strict -CAfile Factory-root.pem Factory-root.pem")[0] == 0
    _, said = openssl("x509 -in Factory-root.pem -noout -fingerprint -sha256")
    assert said.strip().partition("=")[2].replace(":", "") == made["sha256Thumbprint"]
    assert made["subjectName"] == "CN=Factory root"
    assert made["canSign"] is True
    assert names_in(tmp_path) == ["Factory-root.key", "Factory-root.pem"]


def test_key_is_for_its_owner_alone_and_the_certificate_for_all(certificate, tmp_path):
    certificate("root --cn root")

    assert mode_of(tmp_path / "root.key") == 0o600
    assert mode_of(tmp_path / "root.pem") == 0o644


def test_no_output_holds_a_key(certificate, tmp_path):
    ran = certificate("root --cn root --debug")

    body = (tmp_path / "root.key").read_text().splitlines()[1]
    assert body not in ran.out + ran.err
    assert "PRIVATE" not in ran.out + ran.err


@pytest.mark.parametrize("options", ["", "--algorithm rsa"], ids=["ec", "rsa"])
def test_device_chain_is_verified_by_openssl(certificate, line, openssl, options):
    certificate(f"device --rid device-1 --issuer {line} {options}")

    verify = "verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted line.pem"
    assert openssl(f"{verify} device-1.pem") == (0, "device-1.pem: OK\n")


def test_days_and_path_length_are_as_asked(certificate, openssl):
    certificate("root --cn root --days 7300 --path-length 2")

    assert openssl(f"x509 -in root.pem -noout -checkend {7299 * 86400}")[0] == 0
    assert openssl(f"x509 -in root.pem -noout -checkend {7301 * 86400}")[0] == 1
    assert "CA:TRUE, pathlen:2" in openssl("x509 -in root.pem -noout -text")[1]


@pytest.mark.usefixtures("line")
def test_chain_begins_with_the_device_and_ends_with_the_root(certificate, openssl):
    made = certificate("device --rid d1 --issuer line.chain.pem --issuer-key line.key --chain").json

    _, said = openssl("crl2pkcs7 -nocrl -certfile d1.chain.pem -out d1.p7b")
    _, said = openssl("pkcs7 -in d1.p7b -print_certs -noout")
    subjects = [row for row in said.splitlines() if row.startswith("subject=")]
    assert subjects == ["subject=CN = d1", "subject=CN = line", "subject=CN = root"]
    assert made["chainPath"] == "d1.chain.pem"


@pytest.mark.usefixtures("line")
def test_key_of_a_chain_file_is_found_beside_it(certificate):
    assert certificate("device --rid d1 --issuer line.chain.pem").json["issuerName"] == "CN=line"


@pytest.mark.usefixtures("line")
def test_verification_certificate_bears_the_code_and_needs_no_key_file(
    certificate, openssl, tmp_path
):
    before = names_in(tmp_path)

    made = certificate("verification --code 8CB7A8F1B2 --issuer root.pem").json

    assert openssl("verify -CAfile root.pem verification.pem")[0] == 0
    assert openssl("x509 -in verification.pem -noout -subject")[1] == "subject=CN = 8CB7A8F1B2\n"
    assert made["certificatePath"] == "verification.pem"
    assert names_in(tmp_path) == sorted([*before, "verification.pem"])


def test_passphrase_file_encrypts_the_key(certificate, secret_file, openssl, tmp_path):
    ran = certificate(f"root --cn root --passphrase @{secret_file}")

    assert "BEGIN ENCRYPTED PRIVATE KEY" in (tmp_path / "root.key").read_text()
    assert openssl(f"ec -check -noout -in root.key -passin file:{secret_file}")[0] == 0
    assert openssl("ec -check -noout -in root.key -passin pass:wrong")[0] != 0
    assert SECRET not in ran.out + ran.err


def test_encrypted_issuer_signs_with_its_passphrase(certificate, secret_file, openssl):
    certificate(f"root --cn root --passphrase {secret_file}")

    certificate(f"intermediate --cn line --issuer root.pem --issuer-passphrase @{secret_file}")

    assert openssl("verify -CAfile root.pem line.pem")[0] == 0


def test_passphrase_comes_from_standard_input(certificate, openssl):
    certificate("root --cn root --passphrase @-", stdin=SECRET)

    assert openssl(f"ec -check -noout -in root.key -passin 'pass:{SECRET}'")[0] == 0


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
def test_pkcs12_is_read_by_openssl(certificate, secret_file, openssl, tmp_path, algorithm):
    certificate(
        f"device --rid d1 --issuer line.chain.pem --algorithm {algorithm}"
        f" --pkcs12 --passphrase {secret_file}"
    )

    code, said = openssl(f"pkcs12 -in d1.p12 -passin file:{secret_file} -noenc -info")
    assert code == 0
    assert [said.count(f"subject=CN = {name}\n") for name in ("d1", "line", "root")] == [1, 1, 1]
    assert "BEGIN PRIVATE KEY" in said
    assert "friendlyName: d1" in said
    assert mode_of(tmp_path / "d1.p12") == 0o600


def test_show_says_what_openssl_says(certificate, line, openssl):
    shown = certificate(f"show {line}").json

    _, sha1 = openssl("x509 -in line.pem -noout -fingerprint -sha1")
    _, serial = openssl("x509 -in line.pem -noout -serial")
    assert sha1.strip().partition("=")[2].replace(":", "") == shown["sha1Thumbprint"]
    assert serial.strip().partition("=")[2] == shown["serialNumber"]
    assert shown["issuerName"] == "CN=root"
    assert shown["daysLeft"] in (1824, 1825)
    assert (shown["canSign"], shown["pathLength"], shown["key"]) == (True, 0, "EC secp256r1")


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param("x509 -in line.pem -outform DER -out other", id="der"),
        pytest.param("base64 -in line.pem -out other", id="base64"),
        pytest.param("crl2pkcs7 -nocrl -certfile line.pem -out other", id="pkcs7"),
        pytest.param(
            "pkcs12 -export -in line.pem -inkey line.key -passout pass: -out other",
            id="pkcs12-without-passphrase",
        ),
        pytest.param(
            "pkcs12 -export -in line.pem -nokeys -passout pass: -out other", id="pkcs12-without-key"
        ),
    ],
)
def test_show_reads_every_form(certificate, line, openssl, convert):
    code, said = openssl(convert)
    assert code == 0, said

    assert certificate("show other").json == certificate(f"show {line}").json


@pytest.mark.usefixtures("line")
def test_show_passes_over_a_key_in_the_file(certificate, tmp_path):
    both = (tmp_path / "line.key").read_text() + (tmp_path / "line.pem").read_text()
    (tmp_path / "both.pem").write_text(both)

    ran = certificate("show both.pem")

    assert ran.json["subjectName"] == "CN=line"
    assert "PRIVATE" not in ran.out + ran.err


def test_show_reads_standard_input(certificate, line, tmp_path):
    ran = certificate("show -", stdin=(tmp_path / line).read_bytes())

    assert ran.json["subjectName"] == "CN=line"


@pytest.mark.usefixtures("line")
def test_show_lists_a_chain(certificate):
    shown = certificate("show line.chain.pem").json

    assert [each["subjectName"] for each in shown] == ["CN=line", "CN=root"]


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    "legacy", ["", "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1"]
)
def test_show_opens_pkcs12_with_its_passphrase(certificate, secret_file, openssl, legacy):
    export = "pkcs12 -export -in line.pem -inkey line.key -certfile root.pem -out line.p12"
    assert openssl(f"{export} -passout file:{secret_file} {legacy}")[0] == 0

    shown = certificate(f"show line.p12 --passphrase {secret_file}").json

    assert [each["subjectName"] for each in shown] == ["CN=line", "CN=root"]


@pytest.mark.usefixtures("line")
def test_show_makes_a_table(certificate):
    ran = certificate("show line.chain.pem -o table")

    assert ran.out.splitlines()[0].split()[:2] == ["Subject", "Days"]
    assert "CN=line" in ran.out


def test_show_says_that_a_certificate_has_expired(certificate, certificate_file):
    shown = certificate(f"show {certificate_file(days=-3)}").json

    assert shown["daysLeft"] == -4 or shown["daysLeft"] == -3


@pytest.mark.parametrize(
    ("command", "names"),
    [
        pytest.param("root --cn new --days 0", ["--days"], id="no-days"),
        pytest.param("root --cn new --days 36501", ["--days"], id="too-many-days"),
        pytest.param("root --cn new --path-length -1", ["--path-length"], id="path-length"),
        pytest.param("root --cn new --key-size 1024", ["--key-size 1024"], id="key-size"),
        pytest.param("root --cn new --algorithm dsa", ["--algorithm", "dsa"], id="algorithm"),
        pytest.param(f"root --cn {'x' * 65}", ["--common-name", "65 bytes"], id="long-name"),
        pytest.param("root --cn ' x'", ["--common-name", "space"], id="odd-name"),
        pytest.param("root", ["--common-name"], id="no-name"),
        pytest.param(
            "root --cn new --out a.pem --key-out a.pem", ["--out a.pem", "one name"], id="one-file"
        ),
        pytest.param(
            "root --cn new --out gone/a.pem", ["--out gone/a.pem", "No such file"], id="no-folder"
        ),
        pytest.param("root --cn new --encrypt", ["--passphrase", "no terminal"], id="no-terminal"),
        pytest.param("root --cn new --pkcs12", ["--passphrase"], id="pkcs12-open-to-all"),
        pytest.param(
            "root --cn new --passphrase void", ["--passphrase", "is empty"], id="empty-passphrase"
        ),
        pytest.param(
            "intermediate --cn new --issuer line.pem", ["--issuer line.pem"], id="path-is-over"
        ),
        pytest.param(
            "intermediate --cn new --issuer short.pem --path-length 1",
            ["--path-length 1", "short.pem allows 0"],
            id="path-too-long",
        ),
        pytest.param("device --rid d1 --issuer gone.pem", ["--issuer gone.pem"], id="no-issuer"),
        pytest.param(
            "device --rid d1 --issuer line.pem --issuer-key gone.key",
            ["--issuer-key gone.key"],
            id="no-issuer-key",
        ),
        pytest.param(
            "device --rid d1 --issuer line.pem --issuer-key root.key",
            ["--issuer-key root.key", "--issuer line.pem"],
            id="key-of-another",
        ),
        pytest.param(
            "device --rid d2 --issuer device.pem", ["--issuer device.pem", "CN=device"], id="no-ca"
        ),
        pytest.param(
            "device --rid d1 --issuer line.key", ["--issuer line.key"], id="key-as-certificate"
        ),
        pytest.param("device --rid a/b --issuer line.pem", ["--registration-id"], id="odd-id"),
        pytest.param(
            f"device --rid {'x' * 65} --issuer line.pem",
            ["--registration-id", "65 bytes", "64"],
            id="long-id",
        ),
        pytest.param("device --issuer line.pem", ["--registration-id", "--from"], id="no-device"),
        pytest.param(
            "device --rid d1 --from ids --issuer line.pem", ["--registration-id"], id="both"
        ),
        pytest.param("device --from ids --issuer line.pem", ["--folder"], id="no-folder-of-fleet"),
        pytest.param(
            "device --from ids --folder f --out a --issuer line.pem",
            ["--out"],
            id="one-out-of-many",
        ),
        pytest.param(
            "device --rid d1 --folder f --issuer line.pem",
            ["--folder", "--from"],
            id="folder-of-one",
        ),
        pytest.param(
            "device --from gone --folder f --issuer line.pem", ["--from gone"], id="no-ids"
        ),
        pytest.param(
            "device --from ids --folder f --issuer line.pem --key-size 7",
            ["--key-size 7"],
            id="key-size-of-fleet",
        ),
        pytest.param(
            f"verification --code {'x' * 65} --issuer root.pem", ["--code", "65"], id="long-code"
        ),
        pytest.param("show gone.pem", ["FILE gone.pem"], id="show-nothing"),
        pytest.param("show line.key", ["FILE line.key", "PRIVATE KEY"], id="show-key"),
    ],
)
def test_bad_input_exits_2_names_the_flag_and_writes_nothing(
    certificate, line, tmp_path, command, names
):
    certificate("root --cn short --path-length 1")
    certificate(f"device --rid device --issuer {line}")
    (tmp_path / "void").touch()
    (tmp_path / "ids").write_text("d1\n")
    before = names_in(tmp_path)

    ran = certificate(command, expect=2)

    assert [name for name in names if name not in ran.err] == []
    assert ran.out == ""
    assert names_in(tmp_path) == before


def test_expired_issuer_is_refused(certificate, certificate_file):
    path = certificate_file(days=-1, with_key=False)

    ran = certificate(f"device --rid d1 --issuer {path} --issuer-key {path}", expect=2)

    assert "--issuer" in ran.err
    assert "expired on" in ran.err


def test_device_outlives_no_issuer_and_a_warning_says_so(certificate, openssl):
    certificate("root --cn root --days 10")

    ran = certificate("device --rid d1 --issuer root.pem --days 365")

    assert "warning: --issuer root.pem: expires on" in ran.err
    assert openssl(f"x509 -in d1.pem -noout -checkend {11 * 86400}")[0] == 1


@pytest.mark.parametrize("there", ["root.pem", "root.key", "root.chain.pem"])
def test_nothing_is_overwritten_without_force(certificate, tmp_path, there):
    (tmp_path / there).write_text("precious")

    ran = certificate("root --cn root --chain", expect=2)

    assert f"{there}: exists already" in ran.err
    assert "--force" in ran.err
    assert names_in(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "precious"


def test_force_replaces_the_whole_pair(certificate, openssl):
    before = certificate("root --cn root").json

    after = certificate("root --cn root --force").json

    assert after["sha1Thumbprint"] != before["sha1Thumbprint"]
    of_key = openssl("pkey -in root.key -pubout")
    assert of_key == openssl("x509 -in root.pem -noout -pubkey")


@pytest.mark.parametrize("flag", ["--passphrase", "--issuer-passphrase"])
def test_passphrase_typed_as_a_word_is_refused_and_not_repeated(certificate, line, flag):
    ran = certificate(f"device --rid d1 --issuer {line} {flag} hunter22", expect=None)

    assert "hunter22" not in ran.out + ran.err
    if flag == "--passphrase":  # the other one is not needed, so it is not read
        assert ran.code == 2
        assert "--passphrase ***: cannot read the file" in ran.err


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param("wrong.txt", "the passphrase does not open the key", id="wrong"),
        pytest.param("lines.txt", "several lines", id="lines"),
    ],
)
def test_wrong_passphrase_is_refused(certificate, secret_file, tmp_path, file, reason):
    certificate(f"root --cn root --passphrase {secret_file}")
    (tmp_path / "wrong.txt").write_text("wrong")
    (tmp_path / "lines.txt").write_text(f"{SECRET}\nmore\n")

    ran = certificate(f"device --rid d1 --issuer root.pem --issuer-passphrase {file}", expect=2)

    assert reason in ran.err


def test_pkcs12_that_is_damaged_or_locked_is_refused(certificate, line, secret_file, tmp_path):
    certificate(f"device --rid d1 --issuer {line} --pkcs12 --passphrase {secret_file}")
    (tmp_path / "cut.p12").write_bytes((tmp_path / "d1.p12").read_bytes()[:200])

    for file in ("d1.p12", "cut.p12"):
        ran = certificate(f"show {file} --passphrase line.key --only-show-errors", expect=2)
        assert "several lines" in ran.err
    (tmp_path / "wrong.txt").write_text("wrong")
    for file in ("d1.p12", "cut.p12"):
        ran = certificate(f"show {file} --passphrase wrong.txt", expect=2)
        assert f"FILE {file}: the passphrase does not open the file" in ran.err


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=64))
def test_show_refuses_whatever_is_no_certificate(certificate, secret_file, data):
    for content in (data, b"0\x82\x01\x00\x02\x01\x03" + data):
        ran = certificate(f"show - --passphrase {secret_file}", stdin=content, expect=2)
        assert "FILE -: " in ran.err


TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "dpsctl", *sys.argv[1:]])
"""


def typed(words, answers, folder):
    """Run dpsctl on a terminal of its own and type *answers*; return its exit code and screen."""
    import pty  # Windows has none

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        start_new_session=True,
    )
    os.close(theirs)
    screen = b""
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    try:
        while part := os.read(ours, 4096):
            screen += part
            if answers and screen.endswith(b": "):
                os.write(ours, answers.pop(0).encode() + b"\n")
    except OSError:  # Linux' way to say that nobody has the terminal open any more
        pass
    finally:
        watchdog.cancel()
        os.close(ours)
    return process.wait(), screen.decode()


def test_passphrase_is_asked_for_twice_and_not_shown(tmp_path, openssl):
    code, screen = typed(
        ["certificate", "root", "--cn", "root", "--encrypt"], [SECRET, SECRET], tmp_path
    )

    assert code == 0, screen
    assert SECRET not in screen
    assert openssl(f"ec -check -noout -in root.key -passin 'pass:{SECRET}'")[0] == 0


def test_two_passphrases_that_differ_are_refused(tmp_path):
    words = ["certificate", "root", "--cn", "root", "--encrypt"]

    code, screen = typed(words, [SECRET, "another one"], tmp_path)

    assert code == 2
    assert "the two passphrases differ" in screen
    assert names_in(tmp_path) == []


def test_passphrase_of_an_encrypted_issuer_is_asked_for(certificate, secret_file, tmp_path):
    certificate(f"root --cn root --passphrase {secret_file}")
    words = ["certificate", "device", "--rid", "d1", "--issuer", "root.pem"]

    code, screen = typed(words, [SECRET], tmp_path)

    assert code == 0, screen
    assert "Passphrase of root.key: " in screen
    assert (tmp_path / "d1.pem").exists()


def test_interrupt_at_the_prompt_exits_130_and_writes_nothing(tmp_path):
    code, _ = typed(["certificate", "root", "--cn", "root", "--encrypt"], ["\x03"], tmp_path)

    assert code == 130
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604])
def test_secret_files_that_others_can_read_are_warned_of(run_offline, issue, tmp_path, mode):
    ca = issue("ca", is_ca=True, password=b"open sesame")
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    for path in (secret, ca.key_path):
        path.chmod(mode)

    ran = run_offline(
        f"certificate intermediate --cn i --issuer {ca.path} --issuer-key {ca.key_path}"
        f" --issuer-passphrase {secret} --out {tmp_path}/i.pem"
    )

    warned = ran.err.count("others can read it; chmod 600")
    assert warned == (0 if mode == 0o600 else 2)
    assert ("--issuer-key" in ran.err) == (mode != 0o600)
