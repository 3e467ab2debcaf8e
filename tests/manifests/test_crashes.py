"""Processes that are killed, interrupted, or meet a full disk: run again, and nothing is lost."""

import base64
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dpsctl.manifests.fields import KINDS

A, B = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"ab")
ALLOW = "--yes --allow delete,replace,keys,disable,unblock,many"
KEYS = f"{{primaryKey: {A}, secondaryKey: {B}}}"
OTHER_WAY = "{type: x509, x509: {caReferences: {primary: ca}}}"
FLEET = "- $fleet: 1\n  owns: {EnrollmentGroup: [line-*], IndividualEnrollment: [pump-*]}\n"


def group(number, more=""):
    return f"- enrollmentGroupId: line-{number}\n{more}" + (
        f"  attestation: {{type: symmetricKey, symmetricKey: {KEYS}}}\n"
        if "att" not in more
        else ""
    )


def pump(number, tags):
    return (
        f"- registrationId: pump-{number:03}\n  initialTwin: {{tags: {tags}}}\n"
        f"  attestation: {{type: symmetricKey, symmetricKey: {KEYS}}}\n"
    )


BEFORE = FLEET + "".join(group(n) for n in range(6)) + "".join(pump(n, "{a: 1}") for n in range(80))
# Creates, updates, a replacement, a rename, and deletes of both kinds: thirteen writes.
HELD = FLEET + "".join(group(n) for n in range(6)) + "".join(pump(n, "{a: 1}") for n in range(50))
AFTER = (
    FLEET
    + group(0)
    + group(1, "  iotHubs: [a.x]\n  allocationPolicy: hashed\n")
    + group(2, f"  attestation: {OTHER_WAY}\n")
    + group(7, "  $formerly: line-3\n")
    + group(8)
    + "".join(pump(n, "{a: 2}" if n % 2 else "{a: 1}") for n in range(15, 70))
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, signed_in):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before.yaml").write_text(BEFORE)
    (tmp_path / "after.yaml").write_text(AFTER)
    signed_in.reset()
    return tmp_path


def start(words, **given):
    command = [sys.executable, "-m", "dpsctl", *words.split()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, **given)


def state(emulator):
    """All that is stored, without what every write changes."""
    found = {}
    for kind in ("EnrollmentGroup", "Enrollment"):
        id_field = KINDS["EnrollmentGroup" if "Group" in kind else "IndividualEnrollment"].id_field
        for record in emulator.store.page(kind, 10_000)[0]:
            moving = ("etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc")
            kept = {name: value for name, value in record.items() if name not in moving}
            found[kind, record[id_field]] = kept
    return found


def writes(emulator):
    return sum(
        one["method"] in ("PUT", "DELETE") or one["path"] == "/enrollments"
        for one in emulator.requests()
    )


def everything(emulator):
    """All records as a seed has them."""
    kinds = {"enrollmentGroups": "EnrollmentGroup", "enrollments": "Enrollment"}
    return {name: emulator.store.page(kind, 10_000)[0] for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def known():
    """What is found out once for all moments."""
    return {}


@pytest.fixture
def undisturbed(run, signed_in, known):
    """What there is before and after, and how many writes it takes if nothing gets in the way."""
    if not known:
        Path("held.yaml").write_text(HELD)
        run("apply -f held.yaml --yes")
        known["held"], before = everything(signed_in), writes(signed_in)
        run(f"apply -f after.yaml --prune {ALLOW}")
        known["end"], known["needed"] = state(signed_in), writes(signed_in) - before
    signed_in.reset()
    signed_in.seed(known["held"])
    return known


@pytest.mark.parametrize("moment", range(20))
def test_killed_at_any_moment_and_run_again_it_ends_as_if_nothing_had_been(
    run, signed_in, undisturbed, moment
):
    needed = undisturbed["needed"]
    signed_in.faults.replace(["latency 20ms"])
    first = random.Random(moment).randrange(1, needed)
    process = start(f"apply -f after.yaml --prune {ALLOW} --parallel 4")
    while writes(signed_in) < first and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    signed_in.faults.replace([])
    time.sleep(0.1)  # what had been received is done

    run(f"apply -f after.yaml --prune {ALLOW}")

    assert state(signed_in) == undisturbed["end"]
    assert writes(signed_in) <= needed + 2 * 4  # those under way, and their singles


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_waits_for_what_is_under_way_and_tells_how_to_go_on(run, signed_in, number):
    signed_in.faults.replace(["latency 300ms on POST /enrollments"])
    process = start("apply -f before.yaml --yes --parallel 1")
    while writes(signed_in) < 8:
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    signed_in.faults.replace([])

    assert process.returncode == 128 + number
    assert "stopping; what is under way is waited for" in err
    assert "Run it again: it goes on where it was." in err
    assert "not-sent" in out.splitlines()[-1]
    assert "unknown" not in out
    created = len([one for one in state(signed_in) if one[0] == "Enrollment"])
    assert f"created {created + 6}, not-sent {80 - created} in " in out
    assert f"created {80 - created}, as wanted {created + 6} in " in (
        run("apply -f before.yaml --yes").out
    )


def test_second_interrupt_waits_for_nothing(signed_in):
    signed_in.faults.replace(["latency 6s on POST /enrollments"])
    process = start("apply -f before.yaml --yes --parallel 2")
    while writes(signed_in) < 6:  # the groups; what is under way is not in the log yet
        time.sleep(0.005)
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=15)
    took = time.monotonic() - began
    signed_in.faults.replace([])
    while writes(signed_in) < 8:  # the emulator is done with both before another test begins
        time.sleep(0.05)

    assert process.returncode == 130
    assert took < 4
    assert "unknown IndividualEnrollment pump-000: interrupted while it was under way" in out
    assert "not-sent IndividualEnrollment pump-079" in out
    assert "created 6, not-sent 60, unknown 20 in " in out


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (f"apply -f after.yaml --prune {ALLOW} --backup b.yaml", "--backup b.yaml"),
        ("diff -f after.yaml --save p.json", "--save p.json"),
        ("export --split out", "--split out"),
    ],
)
def test_full_disk_is_told_of_before_anything_is_taken_away(run, signed_in, here, line, left):
    run("apply -f before.yaml --yes")
    before, stored = writes(signed_in), state(signed_in)

    def fill_the_disk():
        import resource  # Windows has none

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    process = start(line, preexec_fn=fill_the_disk)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"{left}" in err
    assert "cannot be written" in err
    assert (writes(signed_in), state(signed_in)) == (before, stored)
    assert not [path for path in Path(here).rglob("*") if path.is_file() and path.suffix != ".yaml"]
    assert not (here / "b.yaml").exists()
