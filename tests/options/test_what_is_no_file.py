"""Pipes, devices and folders where a file is meant: refused at once, and not waited for."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.options.kinds import Kind, kind_of

FLEET = "enrollment-group compute-device-key --key @group.key --registration-ids"
CERTIFY = "central enrollment-group certify --group-id g -n app --certificate-path ca.pem"
INTERMEDIATE = "certificate intermediate --cn i --issuer"
LINES = {
    "--ca-bundle": "enrollment-group list",
    "--registration-ids": FLEET.removesuffix(" --registration-ids"),
    "--known": f"{FLEET} -",
    "--report": f"{FLEET} - --out keys",
    "--out": "certificate root --cn r",
    "--certificate-path": "enrollment-group create --gid g",
    "--old-certificate-path": "enrollment-group rotate --gid g --step stage --cp ca.pem",
    "--secondary-certificate-path": "enrollment-group create --gid g --cp ca.pem",
    "--from": "enrollment create --at symmetricKey",
    "--ids-from": "enrollment-group delete --yes",
    "--file": "diff",
    "--vars": "diff -f records.yaml",
    "--backup": "apply -f records.yaml --yes",
    "--save": "diff -f records.yaml",
    "--plan": "apply",
    "--path": "certificate create --dps-name d -n c",
    "--key-path": CERTIFY,
    "--csr": "device register --rid d1 --id-scope 0ne1 --key @group.key",
    "--passphrase": "certificate root --cn r",
    "--key-out": "certificate root --cn r",
    "--issuer": "certificate intermediate --cn i",
    "--issuer-key": f"{INTERMEDIATE} ca.pem",
    "--issuer-passphrase": f"{INTERMEDIATE} locked.pem",
    "": "certificate show",
    "--db": "emulator exec",
    "--seed": "emulator exec",
}
OTHERS = {
    "FILE of factory": "factory {}",
    "--ca NAME=": "emulator exec --ca a={}",
    "--key @": "enrollment-group compute-device-key --rid d1 --key @{}",
    "--tags @": "enrollment-group create --gid g --tags @{}",
    "--registration-ids of certificates": (
        "certificate device --folder made --issuer ca.pem --from {}"
    ),
    "--out of a fleet": f"{FLEET} ids --out {{}}",
}
VARIABLES = {
    "DPSCTL_CA_BUNDLE": "enrollment-group list",
    "REQUESTS_CA_BUNDLE": "enrollment-group list",
    "CURL_CA_BUNDLE": "enrollment-group list",
}
NO_FILES = ["tube", "/dev/zero", "folder"]
# Of certificates by their hashes, and of manifests.
MAY_BE_FOLDERS = ("--ca-bundle", "--file")


@pytest.fixture
def place(tmp_path, monkeypatch, signed_in, issue):  # noqa: ARG001 - it sets the environment
    """Stand in a folder with what the lines name."""
    monkeypatch.chdir(tmp_path)
    ca, locked = issue("ca", is_ca=True), issue("locked", is_ca=True, password=b"secret")
    assert ca.path.name == "ca.pem"
    assert locked.path.name == "locked.pem"
    for name, text in {
        "group.key": "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw==",
        "ids": "d1\n",
        "records.yaml": "enrollmentGroupId: g\nattestation: {type: symmetricKey}\n",
    }.items():
        Path(name).write_text(text)
    os.mkfifo("tube")
    Path("folder").mkdir()


def test_every_option_that_takes_a_file_is_tried_here():
    def flags(command):
        for name in getattr(command, "commands", ()):
            yield from flags(command.commands.get(name))
        for option in command.params:
            if Kind.FILE in kind_of(option):
                yield option.opts[0] if option.opts[0].startswith("-") else ""

    assert set(flags(tree())) == LINES.keys(), "put a line for it in LINES"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("flag", "what"),
    [
        (flag, what)
        for flag in LINES
        for what in NO_FILES
        if what != "folder" or flag not in MAY_BE_FOLDERS
    ],
)
def test_what_is_no_file_is_refused_by_every_option(run_offline, flag, what):
    command = " -- true" if "emulator exec" in LINES[flag] else ""

    ran = run_offline(f"{LINES[flag]} {flag} {what}{command}", expect=2)

    assert f"{flag} {'***' if 'passphrase' in flag else what}".strip() in ran.err
    assert any(word in ran.err for word in ("a named pipe", "a device", "irectory", "not a file"))
    assert stat.S_ISFIFO(Path("tube").stat().st_mode)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("what", NO_FILES)
@pytest.mark.parametrize("name", OTHERS)
def test_nor_is_it_anything_else_that_names_a_file(run_offline, name, what):
    command = " -- true" if "emulator exec" in OTHERS[name] else ""

    ran = run_offline(f"{OTHERS[name].format(what)}{command}", expect=2)

    assert what in ran.err


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("what", NO_FILES[:2])
@pytest.mark.parametrize("name", VARIABLES)
def test_nor_is_it_in_a_variable(run_offline, monkeypatch, name, what):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(name, what)

    ran = run_offline(VARIABLES[name], expect=2)

    assert what in ran.err


@pytest.mark.parametrize("what", NO_FILES)
def test_configuration_that_is_no_file_is_refused(run_offline, what):
    path = Path(os.environ["XDG_CONFIG_HOME"], "dpsctl", "config.yaml")
    path.parent.mkdir(parents=True)
    if what == "tube":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(what)

    ran = run_offline("config set --context lab dps_name=x", expect=2)

    assert str(path) in ran.err


@pytest.mark.parametrize("name", ["config", "azureProfile.json"])
def test_what_is_no_file_of_az_is_a_warning(run_offline, monkeypatch, tmp_path, name):
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    os.mkfifo(tmp_path / name)

    ran = run_offline("enrollment-group list -n my-dps --subscription x", expect=None)

    assert f"{tmp_path / name} is not used" in ran.err


def test_shell_may_put_a_command_in_the_place_of_a_file(program):
    line = '"$0" -m dpsctl enrollment-group compute-device-key --rid d1 -o tsv --key @<(echo YWJj)'

    ran = subprocess.run(
        [program("bash"), "-c", line, sys.executable], capture_output=True, text=True, check=False
    )

    # printf d1 | openssl dgst -sha256 -mac HMAC -macopt key:abc -binary | base64
    assert ran.stdout == "14fz4SogbZi3mbB5Ko7eiHeP57m6/lRZylmpW4JIgHU=\n", ran.stderr
