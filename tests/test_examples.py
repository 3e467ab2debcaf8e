"""Every example of every command, run as it is written, where what it names exists."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.commands.emulator.ready_files import told_of
from dpsctl.keys import derive_device_key
from dpsctl.reference.tree import pages

EXAMPLES = [example for page in pages(tree()) if not page.members for example in page.examples]
SERVERS = [example for example in EXAMPLES if example.startswith("dpsctl emulator run")]
IN_A_SHELL = [example for example in EXAMPLES if re.search(r"[|>] |emulator exec", example)]
VERIFYING = [example for example in EXAMPLES if "verify-certificate" in example]
PROVING = [example for example in EXAMPLES if "certificate verify " in example]
PLAIN = [
    example for example in EXAMPLES if example not in {*SERVERS, *IN_A_SHELL, *VERIFYING, *PROVING}
]
GROUP_KEY = "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA=="
FILES = {
    "group.key": GROUP_KEY,
    "device-3.ek": (Path(__file__).parent / "data" / "endorsement-key.txt").read_text(),
    "devices.csv": "registrationId\ndevice-8\ndevice-9\n",
    "deployment.json": '{"modulesContent": {}}',
    "records.json": '{"enrollmentGroups": []}',
    "fleet/line-4.yaml": "enrollmentGroupId: line-4\nattestation: {type: symmetricKey}\n",
    "ids.txt": "device-4\ndevice-5\n",
    "backup.jsonl": '{"enrollmentGroupId": "line-4", "attestation": {"type": "symmetricKey"}}\n',
    "old-groups.txt": "line-4\nline-1\n",
    "stolen.txt": "device-1\n",
    "label.txt": derive_device_key(GROUP_KEY, "device-1"),
    "d1.key": derive_device_key(GROUP_KEY, "d1"),
    "code.txt": "8CB7A8F1",
    "root.secret": "correct horse",
    "device-2.secret": "battery staple",
    "test_line.py": "def test_line():\n    pass\n",
}
# What there must be for the examples of a kind to work, made in this order.
PREPARATIONS = {
    "certificate": """
        certificate root --cn factory-root
        certificate intermediate --cn line-4 --issuer factory-root.pem --chain
        certificate device --rid device-2 --issuer line-4.chain.pem --pkcs12 --force \
            --passphrase @device-2.secret
        certificate create --dps-name my-dps -n root-1 -p factory-root.pem
    """,
    "config": """
        config set --context lab login_env=LAB_LOGIN auth_type=key output=json
        config set --context factory login_env=FACTORY_LOGIN resource_group=my-group
        config use-context factory
    """,
    "groups": """
        enrollment-group create --gid line-4 --primary-key @group.key
        enrollment-group create --gid line-5 --cp intermediate.pem --scp new.pem
    """,
    "registrations": """
        enrollment-group create --gid line-4 --primary-key @group.key
        device register --rid device-1 --group-key @group.key
    """,
    "devices": """
        enrollment-group create --gid line-4 --primary-key @group.key
        enrollment create --eid device-1 --at symmetricKey --primary-key @label.txt
        enrollment create --eid d1 --at symmetricKey --primary-key @d1.key
    """,
    "issuance": """
        enrollment-group create --gid line-4 --primary-key @group.key --adr-namespace plant-1 \
            --adr-ca-name ca1 --adr-cert-policy-name pol-1
    """,
    "enrollments": """
        enrollment create --eid device-1 --at symmetricKey --primary-key @group.key
        enrollment create --eid device-2 --at x509 --cp device-2.pem
    """,
    "central": """
        central device create -d thermostat1
        central device-group create --device-group-id group1 --display-name 'Group 1' \
            --filter 'SELECT * FROM devices'
        central enrollment-group create --id myx509eg --display-name 'My group' --type iot \
            --at x509 --certificate-path root.pem --secondary-certificate-path next.pem
        central enrollment-group create --id line-4 --display-name 'Line 4' --type iot \
            --at symmetricKey
    """,
}


def kind_of(words):
    """Tell which preparations an example needs."""
    if words[:2] == ["device", "registration"]:
        return "devices"
    if "--issue-certificate" in words:
        return "issuance"
    if "registration" in words:
        return "registrations"
    if "device-2.pem" in words and words[0] == "device":
        return "enrollments"
    kinds = {"doctor": "config", "enrollment": "enrollments"}
    return kinds.get(words[0], words[0] if words[0] in PREPARATIONS else "groups")


def preparations_for(words):
    """Yield what is to be made first: up to what the example itself makes."""
    for line in PREPARATIONS[kind_of(words)].replace("\\\n", " ").strip().splitlines():
        making = shlex.split(line)
        options = [place for place, word in enumerate(making) if word.startswith("-")]
        same = making[: options[0] + 2] if options else making
        if words[: len(same)] == same:
            return
        yield making


@pytest.fixture
def workshop(tmp_path, monkeypatch, run_offline, emulator, issue):
    """A folder with the files that examples name, and an environment that finds the emulator."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    for name in ("intermediate", "new", "root", "next"):
        issue(name, is_ca=True)
    Path("usb").mkdir()
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("LAB_LOGIN", "FACTORY_LOGIN"):
        monkeypatch.setenv(name, emulator.connection_string)
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", emulator.endpoint)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", emulator.central_token)
    return run_offline


def filled_in(words, run, emulator):
    """Put what an example stands for in it: an etag, an operation, the service's scope and port."""
    if "ETAG" in words:
        shown = run([words[0], "show", *words[2 : words.index("--etag")]])
        words = [json.loads(shown.out)["etag"] if word == "ETAG" else word for word in words]
    if "ID" in words:
        begun = run(["device", "registration", "create", *words[3 : words.index("--operation-id")]])
        words = [begun.json["operationId"] if word == "ID" else word for word in words]
    here = {"0ne00000000": emulator.id_scope, "8443": str(emulator.port)}
    return [here.get(word, word) for word in words]


@pytest.mark.parametrize("example", PLAIN)
def test_example_does_what_it_says(workshop, emulator, issue, example):
    words = shlex.split(example, comments=True)[1:]
    if words[0] != "certificate":
        issue("device-2")
    for line in preparations_for(words):
        workshop(line)
    if Path("factory-root.key").exists():
        shutil.copy("factory-root.key", "usb")

    with told_of(emulator, os.environ):
        ran = workshop(filled_in(words, workshop, emulator))

    query = words[words.index("--query") + 1] if "--query" in words else "[?]"
    if "[?" not in query:  # of what a filter picks there may be none
        assert ran.out.strip() not in {"", "null", "[]"}


@pytest.mark.parametrize("example", VERIFYING)
def test_example_proves_that_a_key_is_held(workshop, example):
    words = shlex.split(example)[1:]
    for line in preparations_for(words):
        workshop(line)
    group = "central enrollment-group generate-verification-code --id myx509eg"
    entry, issuer = ("secondary", "next") if "--secondary" in example else ("primary", "root")
    code = workshop(f"{group} --entry {entry} --query verificationCode -o tsv").out.strip()
    workshop(f"certificate verification --code {code} --issuer {issuer}.pem --out verification.pem")

    workshop(words)


@pytest.mark.parametrize("example", PROVING)
def test_example_proves_that_the_key_of_a_ca_is_held(workshop, example):
    words = shlex.split(example)[1:]
    for line in preparations_for(words):
        workshop(line)
    code = workshop(
        "certificate generate-verification-code --dps-name my-dps -n root-1"
        " --query properties.verificationCode -o tsv"
    ).out.strip()
    workshop(f"certificate verification --code {code} --issuer factory-root.pem")

    workshop(words)


@pytest.fixture
def shell(workshop, tmp_path, monkeypatch):  # noqa: ARG001 - it prepares the folder
    """Run a line in sh, where `dpsctl` is this one."""
    program = tmp_path / "bin" / "dpsctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    places = [str(program.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    Path("~/.config/fish/completions").expanduser().mkdir(parents=True)

    def run(line):
        return subprocess.run(line, shell=True, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("example", IN_A_SHELL)
def test_example_for_a_shell_does_what_it_says(shell, program, example):
    if "| man" in example:
        program("man")

    ran = shell(example)

    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr


@pytest.mark.parametrize("example", SERVERS)
def test_example_of_a_server_serves_until_it_is_stopped(shell, example):  # noqa: ARG001 - PATH
    words = [*shlex.split(example)]
    if "--port" in words:
        words[words.index("--port") + 1] = "0"  # the one it names may be taken here
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        ready = json.loads(server.stdout.readline())
        server.send_signal(signal.SIGTERM)

    assert ready["endpoint"].startswith("https://")
    assert server.returncode == 0
