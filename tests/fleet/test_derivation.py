import base64
import csv
import hashlib
import hmac
import io
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import count, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl import keys
from dpsctl.errors import DpsctlError, UsageError
from dpsctl.fleet.derivation import FleetCount, FleetRequest, SasTerms, derive_fleet
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.registration_ids import read_ids

# The key, the ids and the keys that Microsoft's concepts-symmetric-key-attestation.md and
# how-to-legacy-device-symm-key.md give.
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
LOWER, UPPER = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6", "SN-007-888-ABC-MAC-A1-B2-C3-D4-E5-F6"
LOWER_KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
UPPER_KEY = "9GWVnYuoOLXlHc346XjhLRb9pKgIOrKSwxDRSOgnvXo="


def ids_in(lines, id_field=None):
    """Read *lines*, in pieces as large as a file's."""
    lines = iter(lines)
    pieces = iter(lambda: "".join(islice(lines, 4096)), "")
    return read_ids(pieces, "f", IdRule(id_field))


def run(request, lines, id_field=None):
    """Return what is written, what is reported, and the count."""
    written, reported = [], []
    ids = ids_in(lines, id_field)
    done = derive_fleet(request, ids, written.append, lambda *line: reported.append(line))
    return "".join(written), reported, done


def reference(ids):
    secret = base64.b64decode(KEY)
    for text in ids:
        digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        yield f"{text}\t{base64.b64encode(digest).decode()}\n"


@pytest.mark.parametrize(
    ("output", "written"),
    [
        ("tsv", f"{LOWER}\t{LOWER_KEY}\n{UPPER}\t{UPPER_KEY}\n"),
        ("csv", f"registrationId,key\n{LOWER},{LOWER_KEY}\n{UPPER},{UPPER_KEY}\n"),
        (
            "jsonl",
            (
                f'{{"key":"{LOWER_KEY}","registrationId":"{LOWER}"}}\n'
                f'{{"key":"{UPPER_KEY}","registrationId":"{UPPER}"}}\n'
            ),
        ),
        (
            "json",
            (
                f'[\n  {{\n    "key": "{LOWER_KEY}",\n    "registrationId": "{LOWER}"\n  }},\n'
                f'  {{\n    "key": "{UPPER_KEY}",\n    "registrationId": "{UPPER}"\n  }}\n]\n'
            ),
        ),
    ],
)
def test_fleet_gets_the_documented_keys_in_every_format(output, written):
    result = run(FleetRequest(KEY, output), [f"{LOWER}\n", f"{UPPER}\n"])

    assert result == (written, [], FleetCount(made=2, upper_case=1))


@given(st.lists(st.from_regex(r"[a-z0-9\-._:]{0,127}[a-z0-9\-]", fullmatch=True)))
def test_fleet_gets_what_hmac_gives_in_order(ids):
    written, reported, _ = run(FleetRequest(KEY), [f"{text}\n" for text in ids])

    assert (written, reported) == ("".join(reference(ids)), [])


@pytest.mark.parametrize("output", ["tsv", "csv", "jsonl", "json"])
@pytest.mark.parametrize("number", [0, 1, 4096, 4097])
def test_fleet_of_any_size_is_one_whole_document(output, number):
    ids = [f"d{index}" for index in range(number)]

    written, _, done = run(FleetRequest(KEY, output), [f"{text}\n" for text in ids])

    assert done.made == number
    assert list(ids_of(output, written)) == ids if number else written == ""


def ids_of(output, written):
    if output == "tsv":
        return [line.split("\t")[0] for line in written.splitlines()]
    if output == "csv":
        return [row["registrationId"] for row in csv.DictReader(io.StringIO(written))]
    items = json.loads(written) if output == "json" else map(json.loads, written.splitlines())
    return [item["registrationId"] for item in items]


def test_fleet_leaves_bad_lines_out_and_reports_them_in_order():
    lines = ["id\n", "d1\n", "press 4\n", "d2\n", '" "\n', "d3.\n", "d\udcff\n"]

    written, reported, done = run(FleetRequest(KEY), lines, "id")

    assert written == "".join(reference(["d1", "d2"]))
    assert [number for number, _ in reported] == [3, 5, 6, 7]
    assert reported[0][1].startswith("' ' cannot be in a registration id")
    assert done == FleetCount(made=2, refused=4)


def test_strict_fleet_stops_at_the_first_bad_line():
    read = []
    lines = (read.append(line) or line for line in ["d1\n", "bad id\n", "d2\n"] + ["d3\n"] * 9000)

    written, reported, done = run(FleetRequest(KEY, strict=True), lines)

    assert written == "".join(reference(["d1"]))
    assert [number for number, _ in reported] == [2]
    assert done == FleetCount(made=1, refused=1, stopped=True)
    assert len(read) < 9000


def test_fleet_finds_duplicates_when_asked():
    written, reported, _ = run(FleetRequest(KEY, check_duplicates=True), ["d1\n", "D1\n", "d2\n"])

    assert written == "".join(reference(["d1", "d2"]))
    assert reported == [(2, "'D1' is the id of line 1 to the service")]


def test_fleet_of_connection_strings():
    written, _, _ = run(FleetRequest(KEY, hub="h.azure-devices.net"), [LOWER])

    assert written == (
        f"{LOWER}\tHostName=h.azure-devices.net;DeviceId={LOWER};SharedAccessKey={LOWER_KEY}\n"
    )


def test_fleet_of_sas_tokens_is_signed_with_the_devices_keys():
    request = FleetRequest(KEY, "jsonl", sas=SasTerms("0ne00000A0A", 1_800_000_000))
    signed = f"0ne00000A0A%2Fregistrations%2F{LOWER}\n1800000000"
    digest = hmac.new(base64.b64decode(LOWER_KEY), signed.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode().replace("+", "%2B").replace("/", "%2F")

    written, _, _ = run(request, [LOWER])

    assert json.loads(written) == {
        "registrationId": LOWER,
        "sasToken": f"SharedAccessSignature sr=0ne00000A0A%2Fregistrations%2F{LOWER}"
        f"&sig={signature.replace('=', '%3D')}&se=1800000000&skn=registration",
    }


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        pytest.param({"output": "yaml"}, "--output yaml", id="output"),
        pytest.param({"hub": "h;x=1"}, "--hub 'h;x=1'", id="hub"),
        pytest.param({"hub": ""}, "--hub ''", id="empty-hub"),
        pytest.param({"sas": SasTerms("0ne/1", 1)}, "--id-scope '0ne/1'", id="id-scope"),
        pytest.param({"jobs": 0}, "--jobs 0", id="jobs"),
    ],
)
def test_request_that_cannot_be_met_names_the_flag(options, flag):
    with pytest.raises(UsageError) as caught:
        FleetRequest(KEY, **options)

    assert caught.value.message.startswith(flag)


def test_request_refuses_a_bad_key_and_never_shows_a_good_one():
    with pytest.raises(keys.KeyFormatError):
        FleetRequest("not base64")

    assert KEY not in repr(FleetRequest(KEY))


def test_memory_does_not_grow_with_the_fleet():
    lines = (f"device-{index}\n" for index in range(60_000))
    tracemalloc.start()

    done = derive_fleet(FleetRequest(KEY), ids_in(lines), lambda _: None, lambda *_: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert done.made == 60_000
    assert peak < 4 * 2**20  # 60,000 rows alone would be 6 MiB


BAD_AT_TIMES = [f"device-{index}{'.' * (index % 5000 == 7)}" for index in range(20_000)]


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        pytest.param(BAD_AT_TIMES, {}, id="plain"),
        pytest.param(["", " ", *BAD_AT_TIMES, "d\udcff", "", "d\r"], {"output": "csv"}, id="blank"),
        pytest.param([*BAD_AT_TIMES, *BAD_AT_TIMES], {"check_duplicates": True}, id="duplicates"),
        pytest.param(BAD_AT_TIMES, {"strict": True}, id="strict"),
        pytest.param(["d1", "d2"] * 5000, {"strict": True, "check_duplicates": True}, id="both"),
        pytest.param(
            ["n,id", *(f'"{text}","{text}"' for text in BAD_AT_TIMES), '1,"two\n', 'lines"', "1"],
            {"id_field": "id", "output": "json"},
            id="csv",
        ),
        pytest.param(
            ['{"id":"d1"}', '{"id":"a\\nb"}', '{"id":"' + "\\n" * 3 + '"}', "{", '{"id":"D2"}'],
            {"id_field": "id", "output": "jsonl"},
            id="json",
        ),
        pytest.param([], {}, id="nothing"),
        pytest.param(["", " "], {"output": "json"}, id="blank-lines-alone"),
        pytest.param(["d1", "d2"], {"hub": "h.azure-devices.net", "output": "json"}, id="hub"),
        pytest.param(["d1", "d2"], {"sas": SasTerms("0ne", 1_800_000_000)}, id="sas"),
    ],
)
@pytest.mark.parametrize("append", [False, True])
def test_several_processes_write_what_one_writes(lines, options, append):
    lines = [f"{line}\n" for line in lines]
    id_field = options.get("id_field")
    options = {name: value for name, value in options.items() if name != "id_field"}
    requests = [FleetRequest(KEY, jobs=jobs, append=append, **options) for jobs in (1, 3)]

    alone, together = (run(request, lines, id_field) for request in requests)

    assert together == alone


def test_several_processes_read_no_further_than_they_write():
    read, read_at_first_row = [], []
    lines = (read.append(index) or f"device-{index}\n" for index in count())

    with pytest.raises(BrokenPipeError):
        derive_fleet(
            FleetRequest(KEY, jobs=2),
            ids_in(lines),
            lambda text: text and (read_at_first_row.append(len(read)) or broken_pipe()),
            lambda *_: None,
        )

    assert read_at_first_row[0] < 50_000


def broken_pipe():
    raise BrokenPipeError


ENDLESS = f"""
import itertools, sys
from dpsctl.fleet.derivation import FleetRequest, derive_fleet
from dpsctl.fleet.registration_ids import read_ids
if __name__ == "__main__":
    derive_fleet(
        FleetRequest({KEY!r}, jobs=2),
        read_ids((f"device-{{index}}\\n" * 1000 for index in itertools.count()), "f"),
        sys.stdout.write,
        print,
    )
"""


@pytest.fixture
def endless(tmp_path):
    """A program that derives for ever in two processes, once it has begun."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    path = {"PYTHONPATH": str(Path(keys.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=path
    ) as program:
        list(islice(program.stdout, 10))
        yield program
        program.kill()


def children_of(parent):
    """Return the process ids and the command lines of the processes that *parent* has started."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [(int(child), Path(f"/proc/{child}/cmdline").read_text()) for child in listed]


def test_the_key_is_on_no_command_line_and_in_no_environment(endless):
    seen = b"".join(
        Path(f"/proc/{child}/{name}").read_bytes()
        for child, _ in children_of(endless.pid)
        for name in ("cmdline", "environ")
    )

    assert b"PYTHONPATH" in seen
    assert KEY.encode() not in seen


def test_processes_end_when_their_parent_is_killed(endless):
    children = [child for child, _ in children_of(endless.pid)]

    endless.kill()
    deadline = time.monotonic() + 10
    while any(is_running(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert len(children) >= 2
    assert not any(is_running(child) for child in children)


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_process_that_is_killed_is_an_error_and_not_a_wait():
    killed = []

    def kill_our_processes(text):
        if text:
            killed[:] = [child for child in children_of(os.getpid()) if "dpsctl.fleet" in child[1]]
            for child, _ in killed:
                os.kill(child, signal.SIGKILL)

    with pytest.raises(DpsctlError, match="--jobs"):
        derive_fleet(
            FleetRequest(KEY, jobs=2),
            ids_in(f"device-{index}\n" for index in range(200_000)),
            kill_our_processes,
            lambda *_: None,
        )

    assert len(killed) == 2
