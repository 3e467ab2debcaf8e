"""`dpsctl-keys.pyz` on a machine that has nothing but Python: `python3 -I -S`."""

import base64
import csv
import dataclasses
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import pytest

from dpsctl import __version__
from dpsctl.fleet import archive as packing
from dpsctl.keys import derive_device_key, sas_token
from dpsctl.options.fleet import Credential, Fleet

# The key and the answer that Microsoft prints (docs/service.md#d).
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
DERIVED = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("factory") / "dpsctl-keys.pyz"
    path.write_bytes(packing.archive())
    return path


@pytest.fixture
def run_archive(archive, tmp_path):
    (tmp_path / "group.key").write_text(f"{KEY}\n")
    (tmp_path / "group.key").chmod(0o600)

    def run(*words, stdin=""):
        command = [sys.executable, "-I", "-S", archive, *words]
        bare = {"PATH": os.environ["PATH"]}
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=bare,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_archive_derives_the_published_key(run_archive):
    ran = run_archive("--key", "@group.key", "--rid", ID)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{ID}\t{DERIVED}\n", "")


def test_archive_warns_of_a_key_that_others_can_read(run_archive, tmp_path):
    (tmp_path / "group.key").chmod(0o644)

    ran = run_archive("--key", "@group.key", "--rid", ID)

    assert (ran.returncode, ran.stdout) == (0, f"{ID}\t{DERIVED}\n")
    assert ran.stderr == "warning: --key @group.key: others can read it; chmod 600 group.key\n"


def test_archive_derives_a_fleet_on_two_processes(run_archive):
    ids = "".join(f"device-{number}\n" for number in range(10_000)) + f"{ID}\n"

    ran = run_archive("--key", "@group.key", "--registration-ids", "-", "--jobs", "2", stdin=ids)

    lines = ran.stdout.splitlines()
    assert (ran.returncode, len(lines), lines[-1]) == (0, 10_001, f"{ID}\t{DERIVED}")


def test_archive_reports_a_bad_line_and_goes_on(run_archive):
    ran = run_archive("--key", "@group.key", "--registration-ids", "-", stdin=f"no id\n{ID}\n")

    assert (ran.returncode, ran.stdout) == (9, f"{ID}\t{DERIVED}\n")
    assert ran.stderr.startswith("dpsctl-keys: standard input:1: ")


def test_archive_writes_a_file_for_its_owner_alone(run_archive, tmp_path):
    ran = run_archive("--key", "@group.key", "--rid", ID, "--out", "keys.tsv")

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "keys.tsv").read_text() == f"{ID}\t{DERIVED}\n"
    assert stat.S_IMODE((tmp_path / "keys.tsv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "named"),
    [
        pytest.param(["--rid", ID], "--key is missing", id="no key"),
        pytest.param(["--key", "@none.key", "--rid", ID], "@none.key", id="no such file"),
        pytest.param(["--key", "not base64", "--rid", ID], "--key", id="no base64"),
        pytest.param(["--key", "@group.key"], "--registration-id", id="no id"),
    ],
)
def test_archive_names_what_is_wrong(run_archive, words, named):
    ran = run_archive(*words)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert named in ran.stderr
    assert "Traceback" not in ran.stderr


def test_archive_keeps_the_rows_of_a_spreadsheet(run_archive, tmp_path):
    (tmp_path / "batch.csv").write_bytes(f"serial;site\r\n{ID};eu\r\nno id;us\r\n".encode("utf-16"))
    words = ["--registration-ids", "batch.csv", "--id-field", "serial", "--append", "-o", "csv"]

    ran = run_archive("--key", "@group.key", *words)

    header, good, bad = ran.stdout.splitlines()
    assert (ran.returncode, header) == (9, "serial,site,key,error")
    assert good == f"{ID},eu,{DERIVED},"
    assert bad.startswith('no id,us,,"line 3: ')
    assert ran.stderr.startswith("dpsctl-keys: batch.csv:3: ")


def test_archive_ends_silently_when_its_reader_goes_away(archive, tmp_path):
    (tmp_path / "group.key").write_text(KEY)
    (tmp_path / "group.key").chmod(0o600)
    line = (
        f"yes d | {sys.executable} -I -S {archive} --key @group.key --registration-ids - | head -n1"
    )

    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[1]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (141, 1, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_archive_ends_by_a_signal_in_silence_and_leaves_nothing(archive, tmp_path, number):
    words = ["--registration-ids", "-", "--out", "keys.tsv"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    start = {"cwd": tmp_path, "env": os.environ | {"DPSCTL_GROUP_KEY": KEY}, **pipes}

    with subprocess.Popen([sys.executable, "-I", "-S", archive, *words], **start) as child:
        child.stdin.write(b"d1\n" * 100_000)
        child.stdin.flush()  # more than a pipe holds: it has been reading for a while
        child.send_signal(number)
        out, err = child.communicate(timeout=20)

    assert (child.returncode, out, err) == (128 + number, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_archive_notices_a_table_and_leaves_nothing(run_archive, tmp_path):
    (tmp_path / "batch.csv").write_text("serial,site\nd1,eu\n")

    ran = run_archive("--key", "@group.key", "--registration-ids", "batch.csv", "--out", "keys.tsv")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "batch.csv:1: this is a table" in ran.stderr
    assert "--id-field serial | site" in ran.stderr
    assert not (tmp_path / "keys.tsv").exists()


def test_archive_replaces_a_file_only_when_forced(run_archive, tmp_path):
    (tmp_path / "keys.tsv").write_text("old")
    words = ["--key", "@group.key", "--rid", ID, "--out", "keys.tsv"]

    refused, replaced = run_archive(*words), run_archive(*words, "--force")

    assert (refused.returncode, replaced.returncode) == (2, 0)
    assert (tmp_path / "keys.tsv").read_text() == f"{ID}\t{DERIVED}\n"


def test_archive_refuses_a_bad_id(run_archive):
    ran = run_archive("--key", "@group.key", "--rid", "no id")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("dpsctl-keys: --registration-id: ' '")


def test_archive_tells_its_version_and_its_flags(run_archive):
    version, help_page = run_archive("--version"), run_archive("--help")

    assert version.stdout == f"dpsctl-keys {__version__}\n"
    assert "python3 -I -S dpsctl-keys.pyz --key @group.key --rid pump-7" in help_page.stdout


def test_archive_has_the_flags_of_the_command(run_archive):
    names = [one.name for options in (Fleet, Credential) for one in dataclasses.fields(options)]
    names += ["key", "secondary", "registration_id", "verify", "output"]

    shown = set(re.findall(r"^  --([a-z-]+)", run_archive("--help").stdout, re.MULTILINE))

    assert {name.replace("_", "-") for name in names} == shown - {"help", "version"}


def test_archive_warns_of_upper_case_and_of_a_key_that_others_read(run_archive, tmp_path):
    (tmp_path / "group.key").chmod(0o644)

    one = run_archive("--key", "@group.key", "--rid", "SN1")
    many = run_archive("--key", "@group.key", "--registration-ids", "-", stdin="SN1\nsn2\n")

    assert "warning: --key @group.key: others can read it; chmod 600 group.key" in one.stderr
    assert "warning: registration id 'SN1' has upper-case letters" in one.stderr
    assert "warning: 1 registration ids have upper-case letters" in many.stderr


def test_archive_makes_tokens_and_connection_strings(run_archive):
    key = ["--key", "@group.key", "--rid", ID]

    token = run_archive(*key, "--sas", "--id-scope", "0ne1", "--expires-in", "2h").stdout
    string = run_archive(*key, "--connection-strings", "--hub", "h.example").stdout

    expires_at = int(re.search(r"se=(\d+)", token)[1])
    assert expires_at == pytest.approx(time.time() + 7200, abs=60)
    resource = f"0ne1/registrations/{ID}"
    assert token == f"{ID}\t{sas_token(resource, DERIVED, expires_at, 'registration')}\n"
    assert string == f"{ID}\tHostName=h.example;DeviceId={ID};SharedAccessKey={DERIVED}\n"


def test_archive_derives_from_either_key_of_the_group(run_archive, tmp_path):
    keys = {"primaryKey": "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", "secondaryKey": KEY}
    (tmp_path / "group.json").write_text(json.dumps({"attestation": {"symmetricKey": keys}}))

    ran = run_archive("--key", "@group.json", "--secondary", "--rid", ID)

    assert ran.stdout == f"{ID}\t{DERIVED}\n"


def test_archive_makes_a_batch_of_serial_numbers(run_archive, tmp_path):
    (tmp_path / "batch.csv").write_text("serial;site\nA1;eu\nA2;us\nA3;us\n")
    (tmp_path / "old.csv").write_text("registrationId,key\npump-0000a2,x\n")
    words = ["--registration-ids", "batch.csv", "--id-template", "PUMP-{serial:0>6}", "--lower"]
    files = ["--known", "old.csv", "--out", "labels.csv", "--report", "report.json"]

    ran = run_archive("--key", "@group.key", *words, *files, "--append", "-o", "csv")

    rows = list(csv.DictReader(io.StringIO((tmp_path / "labels.csv").read_text())))
    report = json.loads((tmp_path / "report.json").read_text())
    assert ran.returncode == 9
    assert [row["registrationId"] for row in rows] == ["pump-0000a1", "", "pump-0000a3"]
    assert rows[0]["key"] == derive_device_key(KEY, "pump-0000a1")
    assert rows[1]["error"] == "line 3: 'pump-0000a2' is the id of old.csv:2 to the service"
    assert (report["count"], report["refused"]) == (2, 1)
    assert (report["first"], report["last"]) == ("pump-0000a1", "pump-0000a3")


def sha256sum(data):
    ran = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True)
    return ran.stdout.decode().split()[0]


@pytest.mark.parametrize("form", [["-o", "tsv"], ["-o", "json"], ["-o", "csv", "--append"]])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_report_holds_what_other_tools_say_of_the_batch(run_archive, tmp_path, form, jobs):
    ids = [f"d{number}" for number in range(9000)]
    stdin = "".join(f"{text}\n" for text in [*ids, "no id"])
    words = ["--registration-ids", "-", "--out", "keys", "--report", "r.json", "--jobs", jobs]

    ran = run_archive("--key", "@group.key", *words, *form, stdin=stdin)

    report = json.loads((tmp_path / "r.json").read_text())
    assert ran.returncode == 9
    assert report["idsSha256"] == sha256sum("".join(f"{text}\n" for text in ids).encode())
    assert report["outputSha256"] == sha256sum((tmp_path / "keys").read_bytes())
    assert report["groupKeySha256"] == sha256sum(base64.b64decode(KEY))
    assert (report["count"], report["refused"]) == (9000, 1)
    assert time.strptime(report["time"], "%Y-%m-%dT%H:%M:%SZ")
    assert KEY not in json.dumps(report)


def test_report_that_is_there_is_kept_before_anything_is_derived(run_archive, tmp_path):
    (tmp_path / "r.json").write_text("old")
    words = ["--registration-ids", "-", "--out", "keys", "--report", "r.json"]

    ran = run_archive("--key", "@group.key", *words, stdin="d1\n")

    assert (ran.returncode, ran.stderr.splitlines()[0]) == (
        2,
        "dpsctl-keys: --report r.json: exists already",
    )
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("label", "code", "said"),
    [(f"{DERIVED}\n", 0, ""), (KEY, 1, f"dpsctl-keys: The key does not belong to '{ID}'")],
)
def test_archive_checks_a_label(run_archive, label, code, said):
    ran = run_archive("--key", "@group.key", "--rid", ID, "--verify", "@-", stdin=label)

    assert (ran.returncode, ran.stdout) == (code, "" if code else f"{ID}\tmatches\n")
    assert ran.stderr.startswith(said)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--rid", "a", "--registration-ids", "b"], "exclude each other"),
        (["--rid", "a", "--append"], "--append goes with --registration-ids"),
        (["--rid", "a", "--sas"], "--sas goes with --id-scope"),
        (["--rid", "a", "--force"], "--force goes with --out or --report"),
        (["--rid", "a", "--sas", "--id-scope", "s", "--expires-in", "soon"], "--expires-in 'soon'"),
        (["--registration-ids", "-", "--id-template", "pump"], "no column is named"),
    ],
)
def test_archive_refuses_what_does_not_go_together(run_archive, words, named):
    ran = run_archive("--key", "@group.key", *words)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert named in ran.stderr
