"""The table of docs/authentication.md: which rights of a policy a command needs, and no more."""

import re
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings
from dpsctl.reference.tree import pages

PAGE = Path(__file__).parents[2] / "docs" / "authentication.md"
KEY = "ZHBzY3RsLWV4YW1wbGUtZ3JvdXAta2V5LWRwc2N0bA=="
KEYS = {"type": "symmetricKey", "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}}
RECORDS = {
    "enrollmentGroups": [{"enrollmentGroupId": "line-4", "attestation": KEYS}],
    "enrollments": [{"registrationId": "pump-1", "attestation": KEYS}],
}
MANIFEST = f"""\
enrollmentGroupId: line-4
attestation: {{type: symmetricKey, symmetricKey: {{primaryKey: {KEY}, secondaryKey: {KEY}}}}}
initialTwin: {{tags: {{site: eu}}}}
"""
# A line for each command that signs as a policy, and for what needs more of some.
LINES = {
    "enrollment-group list": "",
    "enrollment-group list --show-keys": "",
    "enrollment-group show": "--gid line-4",
    "enrollment-group show --show-keys": "--gid line-4",
    "enrollment-group audit": "",
    "enrollment-group create": "--gid line-5",
    "enrollment-group update": "--gid line-4 --ps disabled",
    "enrollment-group delete": "--gid line-4",
    "enrollment-group rotate": "--gid line-4 --step stage",
    "enrollment-group compute-device-key": "--gid line-4 --rid device-1",
    "enrollment-group registration list": "--gid line-4",
    "enrollment-group registration show": "--rid pump-1",
    "enrollment-group registration delete": "--rid pump-1",
    "enrollment list": "",
    "enrollment list --show-keys": "",
    "enrollment show": "--eid pump-1",
    "enrollment show --show-keys": "--eid pump-1",
    "enrollment create": "--eid pump-2 --at symmetricKey",
    "enrollment update": "--eid pump-1 --ps disabled",
    "enrollment delete": "--eid pump-1",
    "enrollment registration show": "--eid pump-1",
    "enrollment registration delete": "--eid pump-1",
    "export": "",
    "diff": "-f {fleet}",
    "diff --skip-keys": "-f {fleet}",
    "apply": "-f {fleet} --yes",
    "device explain": "--rid pump-1 --key {key}",
}
RIGHTS = ("EnrollmentRead", "EnrollmentWrite", "RegistrationStatusRead", "RegistrationStatusWrite")
EVERY = frozenset(RIGHTS)
ROW = re.compile(
    r"^\| ((?:\w+(?:, )?)+) \| Device Provisioning Service Data \w+ \| (.+) \|$", re.MULTILINE
)


def told():
    """What the page says: the rights of each command."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {
        command: frozenset(rights.split(", "))
        for rights, commands in rows
        for command in re.findall(r"`([^`]+)`", commands)
    }


TOLD = told()


def name_of(rights):
    return "-".join(sorted(rights))


@pytest.fixture(scope="module")
def service():
    """Its policies are named after their rights: all but one, and those that the page names."""
    sets = {EVERY, *(EVERY - {right} for right in RIGHTS), *TOLD.values()}
    settings = EmulatorSettings(
        policies=tuple((name_of(rights), rights) for rights in sets),
        hubs=(("hub-1.example", 1),),
        retry_after_seconds=0,
    )
    with Emulator(settings) as running:
        yield running


@pytest.fixture
def code_with(service, run_offline, monkeypatch, tmp_path):
    """Run a command as a policy of some rights, on records made anew; return its exit code."""
    (tmp_path / "fleet.yaml").write_text(MANIFEST, encoding="utf-8")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(service.ca_file))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DPSCTL_DEVICE_ENDPOINT_URL", service.endpoint)

    def code(command, rights):
        service.reset()
        service.seed(RECORDS)
        scope = f"--id-scope {service.id_scope}"
        run_offline(f"device register --rid pump-1 {scope} --key {KEY} -o none")
        monkeypatch.setenv("DPSCTL_LOGIN", service.connection_string_of(name_of(rights)))
        words = LINES[command].format(fleet=tmp_path / "fleet.yaml", key=KEY)
        return run_offline(f"{command} {words} -o none", expect=None).code

    return code


@pytest.mark.parametrize("command", LINES)
def test_page_names_the_rights_that_a_command_needs_and_no_more(code_with, command):
    refused = {right for right in RIGHTS if code_with(command, EVERY - {right}) == 4}

    assert refused == TOLD[command]
    assert code_with(command, refused) == 0


def test_page_names_every_command_that_asks_a_service():
    listed = [
        " ".join(page.path[1:])
        for page in pages(tree())
        if not page.members and any(option.heading == "Connection" for option in page.options)
    ]
    text = PAGE.read_text(encoding="utf-8")

    assert set(TOLD) == set(LINES)
    named = set(re.findall(r"`([^`\n]+)`", text))
    assert [
        command
        for command in listed
        if command not in named and command.split()[0] not in {"central", "config"}
    ] == []
