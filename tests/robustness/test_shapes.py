"""A good answer in which one node is of another type: every command says so and ends well."""

import json
import random
import shlex

import pytest

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
# Every command that asks a service, after what has to be there; the words in braces are files.
GROUP, KEYED = "enrollment-group create --gid g --tags a=b", f"--pk {KEY} --sk {KEY}"
X509 = "enrollment-group create --gid x --cp {ca}"
SINGLE = "enrollment create --eid e --at symmetricKey --tags a=b"
REGISTERED = f"device register --rid d --group-key {KEY}"
CENTRAL_GROUP = "central enrollment-group create --id cg --display-name G --type iot"
CERTIFIED = f"{CENTRAL_GROUP} --at x509 --certificate-path {{ca}}"
CENTRAL_DEVICE = "central device create -d d --device-name N"
EVERY = "--filter 'SELECT * FROM devices'"
SELECTION = f"central device-group create --device-group-id s --display-name S {EVERY}"
COMMANDS = [
    (f"{GROUP} --if-exists update", []),
    ("enrollment-group create --gid g --if-exists update --tags b=c", [GROUP]),
    ("enrollment-group create --gid g --if-exists skip", [GROUP]),
    (X509, []),
    ("enrollment-group show --gid g --show-keys -o table", [GROUP]),
    ("enrollment-group show --gid x -o table", [X509]),
    ("enrollment-group update --gid g --tags c=d --ap hashed", [GROUP]),
    ("enrollment-group update --gid x --ps disabled", [X509]),
    ("enrollment-group list --show-keys -o table", [GROUP, X509]),
    ("enrollment-group list -o csv", [GROUP, X509]),
    ("enrollment-group delete --gid g", [GROUP]),
    ("enrollment-group audit --expires-in 9000d -o table", [X509, SINGLE]),
    ("enrollment-group rotate --gid g --step stage --key " + KEY, [GROUP]),
    ("enrollment-group rotate --gid x --step stage --cp {new}", [X509]),
    ("enrollment-group compute-device-key --gid g --rid d", [GROUP]),
    ("enrollment-group registration show --rid d -o table", [f"{GROUP} {KEYED}", REGISTERED]),
    ("enrollment-group registration list --gid g -o table", [f"{GROUP} {KEYED}", REGISTERED]),
    ("enrollment-group registration delete --rid d", [f"{GROUP} {KEYED}", REGISTERED]),
    (SINGLE, []),
    ("enrollment create --eid e --at x509 --cp {leaf}", []),
    ("enrollment show --eid e --show-keys -o table", [SINGLE]),
    ("enrollment update --eid e --tags c=d", [SINGLE]),
    ("enrollment list -o table", [SINGLE]),
    ("enrollment delete --eid e", [SINGLE]),
    ("enrollment create --from {ids} --at symmetricKey", [SINGLE]),
    ("enrollment create --from {ids} --at symmetricKey --if-exists update", [SINGLE]),
    ("apply -f {manifest} --yes", [GROUP]),
    ("diff -f {manifest}", [GROUP, SINGLE]),
    (f"{REGISTERED} -o table", [f"{GROUP} {KEYED}"]),
    (f"{REGISTERED} --show-connection-string", [f"{GROUP} {KEYED}"]),
    ("doctor", [GROUP]),
    (CENTRAL_DEVICE, []),
    ("central device show -d d -o table", [CENTRAL_DEVICE]),
    ("central device list -o table", [CENTRAL_DEVICE]),
    ("central device list --edge-only", [CENTRAL_DEVICE]),
    ("central device update -d d --device-name M", [CENTRAL_DEVICE]),
    ("central device show-credentials -d d", [CENTRAL_DEVICE]),
    ("central device delete -d d", [CENTRAL_DEVICE]),
    (SELECTION, []),
    ("central device-group show --device-group-id s -o table", [SELECTION]),
    ("central device-group list -o table", [SELECTION]),
    ("central device-group device list --device-group-id s", [SELECTION, CENTRAL_DEVICE]),
    (CERTIFIED, []),
    ("central enrollment-group show --id cg -o table", [CERTIFIED]),
    ("central enrollment-group list -o table", [CERTIFIED]),
    ("central enrollment-group update --id cg --display-name H", [CERTIFIED]),
    ("central enrollment-group certificate show --id cg --entry primary", [CERTIFIED]),
    ("central enrollment-group generate-verification-code --id cg --entry primary", [CERTIFIED]),
    ("central enrollment-group certify --id cg --cp {ca} --key-path {ca_key}", [CERTIFIED]),
    ("central enrollment-group delete --id cg", [CERTIFIED]),
]
OTHERS = [
    None, True, 0, -1.5, 10**30, float("nan"), float("inf"), "", "text", "²", "\ud800", "a" * 300,
    "\u0661", "\x1b[2J\r\n", [], [[]], [None], [{}], {}, {"a": []}, {"": None},
]  # fmt: skip
A_FEW = 24


@pytest.fixture
def files(tmp_path, issue):
    """What the commands read, by name."""
    ca, new, leaf = issue("CA", is_ca=True), issue("NewCA", is_ca=True), issue("e")
    (tmp_path / "ids.csv").write_text("registrationId\ne\nf\ng\n")
    (tmp_path / "manifest.yaml").write_text(
        "- enrollmentGroupId: g\n  attestation: {type: symmetricKey}\n"
        "  provisioningStatus: disabled\n"
        "- registrationId: e\n  attestation: {type: symmetricKey}\n"
    )
    paths = {"ca": ca.path, "ca_key": ca.key_path, "new": new.path, "leaf": leaf.path}
    return paths | {"ids": tmp_path / "ids.csv", "manifest": tmp_path / "manifest.yaml"}


def nodes(value, path=()):
    """Every place in a JSON value, the whole of it first."""
    yield path
    if isinstance(value, dict | list):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(part, (*path, step))


def with_other(value, path, other):
    if not path:
        return other
    changed = value.copy()
    changed[path[0]] = with_other(value[path[0]], path[1:], other)
    return changed


def spoiled(kept, chance):
    """Return *kept* answers with one node of one of them replaced, and what that was."""
    at = chance.randrange(len(kept))
    where, (status, headers, content) = kept[at]
    body = json.loads(content or "null")
    path, other = chance.choice(list(nodes(body))), chance.choice(OTHERS)
    changed = json.dumps(with_other(body, path, other)).encode()
    told = (where, (200 if status == 204 else status, headers, changed))
    return [*kept[:at], told, *kept[at + 1 :]], f"{where}: {path} is {other!r}"


@pytest.mark.parametrize(("line", "before"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_no_answer_of_another_shape_ends_badly(front, run_offline, files, line, before, seed):
    for earlier in before:
        run_offline(earlier.format_map(files))
    front.kept.clear()
    line = line.format_map(files)
    ran = run_offline(line, expect=None)
    kept, chance = list(front.kept), random.Random(f"{line} {seed}")
    assert kept, ran

    for _ in range(A_FEW):
        answers, what = spoiled(kept, chance)
        front.tell_again(answers)
        ran = run_offline(line, expect=None)

        assert "This should not have happened" not in ran.err, f"{what}\n{shlex.quote(line)}\n{ran}"
        assert ran.code in range(11), f"{what}\n{ran}"
        assert ran.code in (0, 10) or ran.err or "failed" in ran.out, f"{what}\n{ran}"
