"""`compute-device-key --registration-ids`: keys for whole fleets, offline."""

import json
import shlex
import stat
import subprocess
import sys
import time
from urllib.parse import unquote

import pytest

from dpsctl.keys import derive_device_key

COMMAND = "enrollment-group compute-device-key"
# Microsoft's documentation prints this key, id and answer (docs/service.md#d).
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
ANSWER = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
FLEET = [f"device-{number}" for number in range(2500)]


@pytest.fixture
def ids(tmp_path):
    """Write the lines of a file and return its path."""

    def write(*lines, ending="\n"):
        path = tmp_path / "ids.txt"
        path.write_bytes("".join(line + ending for line in lines).encode())
        return path

    return write


@pytest.fixture
def derive(run_offline):
    def derive(options, **given):
        return run_offline(f"{COMMAND} --key {KEY} {options}", **given)

    return derive


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("tsv", f"{ID}\t{ANSWER}\n"),
        ("csv", f"registrationId,key\n{ID},{ANSWER}\n"),
        ("jsonl", f'{{"key":"{ANSWER}","registrationId":"{ID}"}}\n'),
        ("json", f'[\n  {{\n    "key": "{ANSWER}",\n    "registrationId": "{ID}"\n  }}\n]\n'),
    ],
)
def test_keys_are_written_in_each_format(derive, ids, output, expected):
    ran = derive(f"--registration-ids {ids(ID)} -o {output}")

    assert (ran.out, ran.err) == (expected, "")


def test_json_is_the_default_as_everywhere(derive, ids):
    assert derive(f"--registration-ids {ids(ID)}").json == [{"key": ANSWER, "registrationId": ID}]


def test_ids_come_from_standard_input(derive):
    assert derive("--registration-ids - -o tsv", stdin=f"{ID}\n").out == f"{ID}\t{ANSWER}\n"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("name,serial", f"pump,{ID}"), id="csv"),
        pytest.param(('{"name": "pump", "serial": "' + ID + '"}',), id="json lines"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_ids_come_from_a_field(derive, ids, lines, ending):
    path = ids(*lines, ending=ending)

    assert derive(f"--registration-ids {path} --id-field serial -o tsv").out == f"{ID}\t{ANSWER}\n"


def test_group_key_is_fetched_once_for_all(run, emulator, ids):
    secondary = "attestation.symmetricKey.secondaryKey"
    key = run(f"enrollment-group create --gid g1 --query {secondary}").json
    emulator.service.log.clear()

    ran = run(f"{COMMAND} --gid g1 --secondary --registration-ids {ids(*FLEET[:3])} -o tsv")

    expected = "".join(f"{name}\t{derive_device_key(key, name)}\n" for name in FLEET[:3])
    assert ran.out == expected
    assert len(emulator.service.log.entries()) == 1


def test_bad_lines_are_named_and_left_out(derive, ids):
    path = ids("a", "b!", "", "c")

    ran = derive(f"--registration-ids {path} -o tsv", expect=9)

    assert [line.partition("\t")[0] for line in ran.out.splitlines()] == ["a", "c"]
    assert f"{path}:2: " in ran.err


@pytest.mark.parametrize("letter", [b"x", b"\0", b"\xff", b","])
def test_line_of_any_length_is_a_bad_line(derive, letter):
    ran = derive("--registration-ids - -o tsv", stdin=letter * 3_000_000, expect=None)

    assert ran.code in (2, 9)
    assert ran.err.startswith("dpsctl: standard input:1: ")
    assert len(ran.err) < 400


def test_bytes_that_are_no_text_are_a_bad_line(derive):
    ran = derive("--registration-ids - -o tsv", stdin=b"a\n\xff\nc\n", expect=9)

    assert [line.partition("\t")[0] for line in ran.out.splitlines()] == ["a", "c"]
    assert "standard input:2: " in ran.err


def test_strict_stops_at_the_first_bad_line(derive, ids):
    ran = derive(f"--registration-ids {ids('a', 'b!', 'c')} --strict -o tsv", expect=9)

    assert ran.out.splitlines() == [f"a\t{derive_device_key(KEY, 'a')}"]
    assert ":2: " in ran.err


def test_duplicates_are_found_on_request(derive, ids):
    path = ids("a", "b", "A")

    derive(f"--registration-ids {path}")
    ran = derive(f"--registration-ids {path} --check-duplicates", expect=9)

    assert len(ran.json) == 2
    assert ":3: 'A' is the id of line 1" in ran.err


def test_upper_case_is_warned_of_once(derive, ids):
    ran = derive(f"--registration-ids {ids('A', 'B', 'c')}")

    assert ran.err.count("warning") == 1
    assert ran.err.startswith("warning: 2 registration ids have upper-case letters")


def test_out_is_private_and_does_not_go_over_another_file(derive, ids, tmp_path):
    out = tmp_path / "keys.tsv"

    first = derive(f"--registration-ids {ids(ID)} --out {out} -o tsv")
    second = derive(f"--registration-ids {ids(ID)} --out {out} -o tsv", expect=2)

    assert first.out == ""
    assert out.read_text() == f"{ID}\t{ANSWER}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "exists already" in second.err


def test_out_is_replaced_when_forced(derive, ids, tmp_path):
    out = tmp_path / "keys.tsv"
    out.write_text("old")

    derive(f"--registration-ids {ids(ID)} --out {out} --force -o tsv")

    assert out.read_text() == f"{ID}\t{ANSWER}\n"


TABLE_OF_5000 = ["serial,device_id", *(f"s{number},d{number}" for number in range(5000))]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "json --append", "csv --append"])
@pytest.mark.parametrize(
    ("lines", "code"),
    [
        pytest.param(TABLE_OF_5000, 2, id="table"),
        pytest.param(["no id", "nor this"], 9, id="bad lines"),
        pytest.param([], 0, id="empty"),
    ],
)
def test_nothing_is_left_when_nothing_was_derived(derive, ids, tmp_path, form, lines, code):
    path = ids(*lines)
    options = f"--registration-ids {path} -o {form}"

    on_stdout = derive(options, expect=code)
    in_file = derive(f"{options} --out {tmp_path / 'keys'}", expect=code)

    assert (on_stdout.out, in_file.out) == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["ids.txt"]


def test_table_without_its_column_named_is_one_error(derive, ids):
    path = ids(*TABLE_OF_5000)

    ran = derive(f"--registration-ids {path}", expect=2)

    assert ran.err == (
        f"dpsctl: {path}:1: this is a table, not an id a line\n"
        "hint: Name the column of the ids: --id-field serial | device_id\n"
    )


@pytest.mark.parametrize(("lines", "said"), [((), "is empty"), (("", " "), "has no ids")])
def test_file_with_nothing_in_it_is_said_to_be_so(derive, ids, lines, said):
    path = ids(*lines)

    ran = derive(f"--registration-ids {path}")

    assert ran.err == f"warning: {path} {said}: nothing was derived\n"


def test_ten_errors_are_shown_and_the_rest_counted(derive, ids):
    path = ids("d1", *["no id"] * 5000)

    ran = derive(f"--registration-ids {path} -o tsv", expect=9)

    *shown, rest = ran.err.splitlines()
    assert [line.split(": ")[1] for line in shown] == [f"{path}:{at}" for at in range(2, 12)]
    assert rest == f"dpsctl: {path}: 4990 more lines are refused"


def test_errors_are_json_where_errors_are(derive, ids):
    path = ids("d1", *["no id"] * 12)

    ran = derive(f"--registration-ids {path} -o tsv --error-format json", expect=9)

    told = [json.loads(line)["error"]["message"] for line in ran.err.splitlines()]
    assert told[0].startswith(f"{path}:2: ")
    assert told[10:] == [f"{path}: 2 more lines are refused"]


def test_keys_are_appended_to_their_rows(derive, ids):
    path = ids("serial;site", f"{ID};eu", "b d;us")

    ran = derive(f"--registration-ids {path} --id-field serial --append -o csv", expect=9)

    header, good, bad = ran.out.splitlines()
    assert header == "serial,site,key,error"
    assert good == f"{ID},eu,{ANSWER},"
    assert bad.startswith('b d,us,,"line 3: ')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_ids_are_read_in_every_encoding_and_line_end(derive, encoding, ending):
    stdin = f"{ID}{ending}b{ending}".encode(encoding)

    assert derive("--registration-ids - -o tsv", stdin=stdin).out.startswith(f"{ID}\t{ANSWER}\nb\t")


def test_batch_of_serial_numbers_is_made_noted_and_known_afterwards(derive, ids, tmp_path):
    template = "--id-template 'Pump-{serial:0>3}' --lower --append -o csv"
    options = f"{template} --out {tmp_path}/keys.csv --report {tmp_path}/report.json"

    derive(f"--registration-ids {ids('serial', '7', '8')} {options}")
    again = derive(
        f"--registration-ids {ids('8', '9')} {template} --known {tmp_path}/keys.csv", expect=9
    )

    report = json.loads((tmp_path / "report.json").read_text())
    assert (tmp_path / "keys.csv").read_text() == (
        "serial,registrationId,key,error\n"
        f"7,pump-007,{derive_device_key(KEY, 'pump-007')},\n"
        f"8,pump-008,{derive_device_key(KEY, 'pump-008')},\n"
    )
    assert (report["count"], report["first"], report["last"]) == (2, "pump-007", "pump-008")
    assert "'pump-008' is the id of" in again.err
    assert f"9,pump-009,{derive_device_key(KEY, 'pump-009')}," in again.out


def test_batch_that_was_empty_is_said_to_be_so(derive, ids, tmp_path):
    (tmp_path / "old.txt").touch()

    ran = derive(f"--registration-ids {ids(ID)} --known {tmp_path}/old.txt -o tsv")

    assert ran.err == f"warning: --known: {tmp_path}/old.txt is empty\n"


def test_strict_run_that_stops_leaves_no_file(derive, ids, tmp_path):
    derive(f"--registration-ids {ids('a', 'b!')} --strict --out {tmp_path / 'keys'}", expect=9)

    assert [path.name for path in tmp_path.iterdir()] == ["ids.txt"]


@pytest.mark.parametrize("which_device", ["--rid", "--registration-ids"])
def test_sas_tokens_are_made_for_a_time(derive, ids, which_device):
    device = ID if which_device == "--rid" else ids(ID)

    ran = derive(f"{which_device} {device} --sas --expires-in 2h --id-scope 0ne1 -o tsv")

    token = ran.out.split("\t")[-1]
    parts = dict(part.split("=", 1) for part in unquote(token.split(" ")[1]).strip().split("&"))
    assert (parts["sr"], parts["skn"]) == (f"0ne1/registrations/{ID}", "registration")
    assert int(parts["se"]) == pytest.approx(time.time() + 7200, abs=60)


@pytest.mark.parametrize("which_device", ["--rid", "--registration-ids"])
def test_connection_strings_are_made_for_a_hub(derive, ids, which_device):
    device = ID if which_device == "--rid" else ids(ID)

    ran = derive(f"{which_device} {device} --connection-strings --hub h.example -o tsv")

    made = ran.out.strip().split("\t")[-1]
    assert made == f"HostName=h.example;DeviceId={ID};SharedAccessKey={ANSWER}"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param("", "--registration-id is missing", id="no device"),
        pytest.param("--rid a --registration-ids b", "exclude each other", id="one and many"),
        pytest.param("--rid a --strict", "--strict", id="strict for one"),
        pytest.param("--rid a --out f", "--out", id="out for one"),
        pytest.param("--rid a --append", "--append", id="rows for one"),
        pytest.param("--rid a --lower", "--lower", id="lower case for one"),
        pytest.param("--registration-ids f --verify YWJj", "--verify", id="label of many"),
        pytest.param("--registration-ids f --id-template x", "no column", id="template"),
        pytest.param("--registration-ids f --force", "--force", id="force without a file"),
        pytest.param("--rid a --sas", "--id-scope", id="token without a scope"),
        pytest.param("--rid a --connection-strings", "--hub", id="string without a hub"),
        pytest.param("--rid a --hub h", "--connection-strings", id="hub without strings"),
        pytest.param("--rid a --expires-in 1h", "--sas", id="time without tokens"),
        pytest.param("--rid a --sas --id-scope s --expires-in soon", "soon", id="no time"),
        pytest.param("--rid a --sas --id-scope s --expires-in 0h", "0h", id="no time at all"),
        pytest.param("--registration-ids gone.txt", "gone.txt", id="no file"),
        pytest.param("--registration-ids - -o table", "table", id="format that cannot stream"),
        pytest.param("--registration-ids - --query '[0]'", "--query", id="query"),
        pytest.param(
            "--rid a --sas --id-scope s --connection-strings --hub h", "exclude", id="two results"
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(derive, options, named):
    ran = derive(options, expect=2)

    assert named in ran.err
    assert ran.out == ""


def test_reader_that_goes_away_ends_it_silently():
    line = (
        f"yes device | {sys.executable} -m dpsctl {COMMAND} --registration-ids - -o tsv | head -n1"
    )

    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[1]}}"],
        env={"DPSCTL_GROUP_KEY": KEY, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stderr) == (141, "")


@pytest.fixture
def in_shell(monkeypatch, ids, tmp_path):
    """Run a shell line beside ids.txt, which holds FLEET; `dpsctl` is this one there."""
    program = tmp_path / "dpsctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dpsctl "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "group.key").write_text(KEY)
    (tmp_path / "group.key").chmod(0o600)
    ids(*FLEET)

    def in_shell(line):
        done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode().splitlines()

    return in_shell


def one_process():
    return [f"{name}\t{derive_device_key(KEY, name)}" for name in FLEET]


@pytest.mark.parametrize("jobs", [1, 2])
def test_processes_change_nothing_about_the_result(in_shell, jobs):
    found = in_shell(
        f"dpsctl {COMMAND} --key @group.key --registration-ids ids.txt --jobs {jobs} -o tsv"
    )

    assert found == one_process()


# The examples of docs/factory.md, but for the size of a piece: FLEET is small.
PARALLEL = (
    f"parallel --pipe -k --block 10k 'dpsctl {COMMAND} --key @group.key --registration-ids -"
    " -o tsv' < ids.txt > keys.tsv"
)
XARGS = (
    "split -l 1000 ids.txt part- && ls part-* |"
    f" xargs -P 4 -I{{}} dpsctl {COMMAND} --key @group.key --registration-ids {{}} -o tsv"
    " --out {}.keys && cat part-*.keys > keys.tsv"
)


@pytest.mark.parametrize("line", [PARALLEL, XARGS], ids=["parallel", "xargs"])
def test_other_programs_spread_a_fleet(in_shell, program, tmp_path, line):
    for name in ("parallel", "xargs", "split"):
        if f"{name} " in line:
            program(name)

    in_shell(line)

    assert (tmp_path / "keys.tsv").read_text().splitlines() == one_process()


# A process of its own: PySpark leaves sockets to the garbage collector, which warns of them.
SPARK = f"""
import os, sys
from pyspark import SparkContext
context = SparkContext("local[2]")
ids, key = context.textFile("ids.txt", 3), open("group.key").read()
keys = ids.pipe(
    "dpsctl {COMMAND} --registration-ids - -o tsv",
    {{"DPSCTL_GROUP_KEY": key, "PATH": os.environ["PATH"]}},
    True,
)
print(*keys.collect(), sep="\\n")
"""


@pytest.mark.may_skip
def test_spark_spreads_a_fleet(in_shell, monkeypatch):
    pytest.importorskip("pyspark", reason="there is no PySpark")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")

    found = in_shell(f"{shlex.quote(sys.executable)} -c {shlex.quote(SPARK)} 2> spark.log")

    assert found == one_process()
