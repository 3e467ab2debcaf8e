"""No secret of a run is in anything that it prints or saves, in any spelling."""

import base64
import json
import urllib.parse
from pathlib import Path

import pytest
from fleets import SERVICE
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = st.binary(min_size=16, max_size=64).map(lambda key: base64.b64encode(key).decode())
CODES = st.text("abcXYZ019_-~.", min_size=12, max_size=40)
WAYS = st.sampled_from(["literal", "env", "file", "command", "var"])


def spellings(secret):
    """How a secret might be written by somebody who means no harm."""
    as_bytes = secret.encode()
    found = {
        secret,
        secret.rstrip("="),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret).lower(),
        secret.replace("/", "\\/"),
        json.dumps(secret).strip('"').replace("+", "\\u002b"),
        base64.b64encode(as_bytes).decode(),
        base64.urlsafe_b64encode(as_bytes).decode(),
        as_bytes.hex(),
    }
    return {one for one in found if len(one) >= 12}


def written(way, name, secret, monkeypatch):
    """Put a secret where a manifest finds it, and return how the manifest says so."""
    if way == "env":
        monkeypatch.setenv(name.upper(), secret)
        return {"$env": name.upper()}
    if way in ("file", "command"):
        Path(f"{name}.key").write_text(secret + "\n")
        return {"$file": f"{name}.key"} if way == "file" else {"$command": ["cat", f"{name}.key"]}
    return {"$var": name} if way == "var" else secret


def manifest(keys, code):
    url = f"https://f.example/api?code={code}"
    webhook = {"webhookUrl": url, "apiVersion": "2021-10-01"}
    one = {
        "enrollmentGroupId": "line-1",
        "attestation": {"type": "symmetricKey", "symmetricKey": keys},
        "allocationPolicy": "custom",
        "customAllocationDefinition": webhook,
    }
    two = {"registrationId": "pump-1", "attestation": one["attestation"]}
    return json.dumps([one, two])


@pytest.fixture
def said(run, tmp_path, monkeypatch):
    """Run a line, and keep all that it says and saves."""
    monkeypatch.chdir(tmp_path)

    def say(line, expect=0):
        for path in Path().glob("p.json"):
            path.unlink()
        ran = run(line, expect=expect)
        saved = "".join(path.read_text() for path in Path().glob("p.json"))
        return ran.out + ran.err + saved

    return say


LINES = [
    "diff {} -o markdown --full --debug",
    "diff {} -o json",
    "apply {} --dry-run",
    "apply {} --yes --allow keys --debug -o jsonl",
]


@settings(SERVICE, max_examples=8)
@given(WAYS, st.tuples(KEYS, KEYS, KEYS, KEYS), CODES)
def test_nothing_said_or_saved_holds_a_secret(said, signed_in, monkeypatch, way, keys, code):
    signed_in.reset()
    told = ""
    for pair in (keys[:2], keys[2:]):  # made, and then rolled over
        secrets = dict(zip(("primaryKey", "secondaryKey"), pair, strict=True))
        slots = {name: written(way, name, key, monkeypatch) for name, key in secrets.items()}
        Path("f.json").write_text(manifest(slots, code))
        given_too = [f"--var {name}={key}" for name, key in secrets.items() if way == "var"]
        flags = " ".join(["-f f.json --allow-commands", *given_too])
        told += said(f"diff {flags} --save p.json", expect=2 if way == "var" else 0)
        told += "".join(said(line.format(flags)) for line in LINES)
    Path("f.json").write_text(manifest({"primaryKey": keys[0][:-5]}, code))
    told += said("diff -f f.json", expect=2)

    held = signed_in.store.get("EnrollmentGroup", "line-1")["attestation"]["symmetricKey"]
    assert held == {"primaryKey": keys[2], "secondaryKey": keys[3]}
    for secret in (*keys, code):
        assert not [one for one in spellings(secret) if one in told]
