"""Signals at moments that nobody chose: no traceback, no wait, nothing left behind.

The moments are drawn from a seed, between the first line of dpsctl and its end; before that Python
starts, and answers for itself. DPSCTL_TESTS_MOMENTS says how many are tried of each command and
signal.
"""

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import pytest
import yaml

MOMENTS = int(os.environ.get("DPSCTL_TESTS_MOMENTS") or 3)
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PATIENCE = 15.0  # seconds: machines are busy, but whoever waits that long waits for ever
KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
ROWS = 40
FEW = 20
SEEDED = 30
IDS = 60_000


@dataclass(frozen=True)
class Kind:
    """A command to interrupt; *is_whole* judges the folder and the words it left behind."""

    line: str
    is_whole: object = lambda *_: True
    code: int = 0


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def is_absent_or_whole(name, lines):
    def judge(folder, _):
        path = folder / name
        return not path.exists() or len(path.read_text().splitlines()) == lines

    return judge


def has_pairs(folder, _):
    """Every certificate beside its key."""
    made = {path.name for path in folder.glob("certificates/*")} | {
        path.name for path in folder.glob("factory*")
    }
    return all({f"{name[:-4]}.pem", f"{name[:-4]}.key"} <= made for name in made)


def has_pairs_and_tells(folder, ended):
    made = len(list(folder.glob("certificates/*.pem")))
    return has_pairs(folder, ended) and (made in (0, FEW) or f"of {FEW} done: " in ended.err)


def is_readable(folder, _):
    """The configuration says what it said, and the new setting or the old one."""
    told = yaml.safe_load((folder / "config" / "dpsctl" / "config.yaml").read_text())
    name = told["contexts"]["lab"]["dps_name"]
    return name in ("one", "another") and "login_command" in told["contexts"]["asked"]


def tells_how_far(_, ended):
    """Rows that are done are told, or there were none; what was printed of them is whole."""
    rows = [json.loads(line) for line in ended.out.splitlines()]
    return not rows or len(rows) == ROWS or "stopped, done up to line" in ended.err


def has_both_or_neither(folder, _):
    """A file of keys beside its report: one writer's, or nobody's."""
    return {"keys", "report"} & {path.name for path in folder.iterdir()} in (
        set(),
        {"keys", "report"},
    )


def has_all_three_or_none(folder, _):
    """A key that was issued a certificate, with that and its chain."""
    made = {path.name for path in folder.iterdir() if "made" in path.name}
    return made in (set(), {"made.key", "made.pem", "made.chain.pem"})


def is_split_or_not(folder, _):
    made = list(folder.glob("out/**/*.yaml"))
    return not made or len(made) >= SEEDED


def tells_what_became_of_all(_, ended):
    """Once changes are begun, the summary counts each, written or not."""
    counts = re.findall(r"(\d+)(?:,| in )", (ended.out.splitlines() or [""])[-1])
    return not ended.out or sum(map(int, counts)) == ROWS


def counts_what_became_of_all(_, ended):
    """Once deletes are begun each has its line, sent or not."""
    return len(ended.out.splitlines()) in (0, SEEDED)


DERIVE = "enrollment-group compute-device-key --key @group.key"
KINDS = {
    "key": Kind(f"{DERIVE} --rid d1"),
    "key-of-the-tree": Kind(f"{DERIVE} --rid d1 -o yaml"),
    "fleet": Kind(f"{DERIVE} --registration-ids ids --jobs 2 -o tsv"),
    "fleet-to-a-file": Kind(
        f"{DERIVE} --registration-ids ids --jobs 2 -o tsv --out keys",
        is_absent_or_whole("keys", IDS),
    ),
    "fleet-with-a-report": Kind(
        f"{DERIVE} --registration-ids ids --append -o csv --out keys --report report",
        has_both_or_neither,
    ),
    "export": Kind("export --split out", is_split_or_not),
    "apply": Kind("apply -f manifest.yaml --yes --parallel 2", tells_what_became_of_all),
    "delete-many": Kind(
        """enrollment delete --where "starts_with(registrationId, 's')" --yes -o jsonl""",
        counts_what_became_of_all,
    ),
    "register": Kind(
        "device register --rid s0 --certificate-path device.pem --key-path device.key"
        " --passphrase secret --id-scope 0ne00000000",
        code=4,
    ),
    "issue": Kind(
        "device register --rid s0 --key @group.key --issue-certificate made", has_all_three_or_none
    ),
    "list": Kind("enrollment list --page-size 5 -o jsonl"),
    "bulk": Kind("enrollment create --at symmetricKey --from rows -o jsonl", tells_how_far),
    "emulator-run": Kind("emulator run --db records"),
    "emulator-exec": Kind("emulator exec -- sleep 0.3"),
    "config": Kind("config set --context lab dps_name=another", is_readable),
    "secret-command": Kind("--context asked enrollment-group list", code=2),
    "az": Kind("enrollment-group list -n my-dps.example --auth-type login", code=4),
    "certificate": Kind("certificate root --cn factory --algorithm rsa --key-size 2048", has_pairs),
    "certificates": Kind(
        "certificate device --from few --folder certificates --issuer ca.pem --issuer-key ca.key",
        has_pairs_and_tells,
    ),
}


@pytest.fixture
def place(tmp_path, emulator, signed_in, issue, monkeypatch):  # noqa: ARG001 - as its name says
    """Make, each time, a folder with all that the commands need."""
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("DPSCTL_ID_SCOPE", emulator.id_scope)
    ca = issue("ca", is_ca=True)
    device = issue("s0", ca, password=b"open sesame")
    wait = json.dumps([sys.executable, "-c", "import time; time.sleep(0.3)"])
    contexts = f"  lab:\n    dps_name: one\n  asked:\n    login_command: {wait}\n"
    files = {
        "group.key": KEY,
        "ids": lines_of("d", IDS),
        "secret": "open sesame\n",
        "device.pem": device.path.read_text(),
        "device.key": device.key_path.read_text(),
        "few": lines_of("d", FEW),
        "bin/az": "#!/bin/sh\nsleep 0.3\n",
        "config/dpsctl/config.yaml": f"contexts:\n{contexts}",
        "ca.pem": ca.path.read_text(),
        "ca.key": ca.key_path.read_text(),
    }
    numbers = count()

    def make():
        number = next(numbers)
        # Ids of its own: what the command before had sent may be carried out after the reset.
        files["rows"] = "eid\n" + lines_of(f"e{number}-", ROWS)
        files["manifest.yaml"] = "".join(
            f"---\nregistrationId: m{number}-{row}\nattestation: {{type: symmetricKey}}\n"
            for row in range(ROWS)
        )
        folder = tmp_path / f"place-{number}"
        (folder / "tmp").mkdir(parents=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o700)
        emulator.reset()
        emulator.seed({"enrollments": [seeded(number) for number in range(SEEDED)]})
        emulator.faults.replace(["latency 20ms on POST /enrollments", "latency 20ms on DELETE"])
        return folder

    yield make
    emulator.faults.replace([])


def lines_of(letter, many):
    return "".join(f"{letter}{number}\n" for number in range(many))


def seeded(number):
    keys = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY}}
    policy = {"certificatePolicyName": "pol-1"}
    return {"registrationId": f"s{number}", "attestation": keys, **policy}


class Running:
    """A command in a session of its own, from when it hears signals."""

    def __init__(self, kind, folder):
        self.folder = folder
        streams = {name: (folder / "tmp" / name).open("w+") for name in ("stdout", "stderr")}
        self.streams = streams
        self.child = subprocess.Popen(
            [sys.executable, "-m", "dpsctl", *shlex.split(kind.line)],
            cwd=folder,
            env=os.environ
            | {
                "TMPDIR": str(folder / "tmp"),
                "XDG_CONFIG_HOME": str(folder / "config"),
                "PATH": f"{folder}/bin:{os.environ['PATH']}",
            },
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **streams,
        )
        for stream in streams.values():
            Path(stream.name).unlink()
        while self.child.poll() is None and not self.hears():
            time.sleep(0.0005)
        self.began = time.monotonic()

    def hears(self):
        """Say whether it has said what a SIGTERM shall do; Python itself leaves that alone."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
        return caught >> (signal.SIGTERM - 1) & 1

    def ended(self):
        """Wait for its end and return what it said, and how long it took."""
        try:
            self.child.wait(PATIENCE)
        finally:
            took = time.monotonic() - self.began
            for process in self.left():
                os.kill(process, signal.SIGKILL)
        said = []
        for stream in self.streams.values():
            stream.seek(0)
            said.append(stream.read())
            stream.close()
        return Ended(self.child.returncode, *said), took

    def left(self):
        """Find the processes of its session that have outlived it."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.child.pid and state != "Z":
                    found.append(int(stat.parent.name))
        return found


@cache
def duration_of(kind, place):
    """Measure a run that nobody disturbs."""
    running = Running(kind, place())
    if "emulator run" in kind.line:
        time.sleep(1)
        running.child.terminate()
    ended, took = running.ended()
    assert (ended.code, "Traceback" in ended.err) == (kind.code, False), ended.err
    return took


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("name", KINDS)
def test_signal_at_any_moment_ends_a_command_in_order(place, name, number):
    kind = KINDS[name]
    duration = duration_of(kind, place)
    moments = random.Random(f"{name} {number}")

    for _ in range(MOMENTS):
        moment = moments.uniform(0, duration * 1.05)
        folder = place()
        running = Running(kind, folder)
        time.sleep(moment)
        running.child.send_signal(number)
        ended, _ = running.ended()

        tried = f"{number.name} after {moment:.4f} of {duration:.4f} s: {ended}"
        assert ended.code in (128 + number, kind.code), tried
        assert "Traceback" not in ended.err, tried
        assert "ignored" not in ended.err, tried
        assert [path.name for path in (folder / "tmp").iterdir()] == [], tried
        assert [path.name for path in folder.rglob(".*")] == [], tried
        assert gone(running), tried
        assert kind.is_whole(folder, ended), tried


def test_interrupt_while_dpsctl_is_loaded_is_silent():
    """The first thing that is loaded sends it: nothing of dpsctl is ready yet."""
    code = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name.startswith("dpsctl."):
            os.kill(os.getpid(), signal.SIGINT)

from dpsctl.__main__ import run
sys.meta_path.insert(0, Interrupting())
run()
"""
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE
    )

    assert (child.returncode, child.stdout, child.stderr) == (-signal.SIGINT, "", "")


def gone(running):
    """Say whether no process is left, soon: one that is told to end takes its time."""
    deadline = time.monotonic() + 5
    while running.left() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not running.left()
