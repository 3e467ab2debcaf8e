"""No secret of a run reaches stderr, by value, whatever command is traced."""

from base64 import b64encode
from urllib.parse import parse_qs, quote, unquote

import pytest

KEY = "Zmlyc3Qta2V5LW9mL2ErZ3JvdXA+aW4/dGVzdHM="
WEBHOOK = "https://f.example/api?code=a-function-key-of-the-test&x=1"
LINES = [
    f"create --gid g2 --pk {KEY} --sk {KEY}",
    f"create --gid g1 --if-exists update --sk {KEY}",
    f"create --gid g3 --ap custom --av 2021-10-01 --wh {WEBHOOK}",
    f"create --gid g4 --pk {KEY} --dry-run",
    "show --gid g1",
    "show --gid g1 --show-keys",
    "list",
    "list --show-keys -o table",
    f"update --gid g1 --pk {KEY}",
    "update --gid g1 --ee --tags secret=no",
    "update --gid g1 --ee --etag wrong",
    f"update --gid g1 --set attestation.symmetricKey.primaryKey={KEY}",
    "delete --gid g1 --dry-run",
    "delete --gid g1",
    "show --gid nope",
    "registration show --rid d1",
    "registration list --gid g1",
    "registration delete --rid d1",
    "compute-device-key --gid g1 --rid d1",
    f"compute-device-key --key {KEY} --rid D1",
]


def secrets_of(emulator, run):
    """Name every secret that the lines above can meet."""
    login = emulator.connection_string
    yield from (login, login.partition("SharedAccessKey=")[2], KEY, "a-function-key-of-the-test")
    for group in run("enrollment-group list --show-keys").json:
        yield from group["attestation"].get("symmetricKey", {}).values()


def spellings(secret):
    yield from (secret, quote(secret, safe=""), quote(secret), secret.replace("/", "\\/"))
    yield b64encode(secret.encode()).decode()


@pytest.mark.parametrize("line", LINES)
def test_debug_shows_no_secret_by_value(run, emulator, line):
    run("enrollment-group create --gid g1")
    secrets = set(secrets_of(emulator, run))

    ran = run(f"enrollment-group {line} --debug", expect=None)

    secrets |= set(secrets_of(emulator, run))
    assert len(secrets) >= 4
    for secret in secrets:
        assert not [text for text in spellings(secret) if text in ran.err]
    assert "sig=" not in unquote(ran.err).replace("sig=***", "")
    if "--key" not in line and "--dry-run" not in line:
        assert "> " in ran.err


def test_debug_tells_the_exchange(run):
    run("enrollment-group create --gid g1")

    err = run("enrollment-group update --gid g1 --ee --debug").err

    assert "> GET https://127.0.0.1:" in err
    assert "> POST https://127.0.0.1:" in err
    assert "> PUT https://127.0.0.1:" in err
    assert "> If-Match: " in err
    assert "< 200 OK" in err
    assert '"iotEdge": true' in err
    assert '"primaryKey": "***"' in err
    assert "Authorization" not in err


def test_debug_tells_of_an_answer_that_is_no_json(odd_service, run_offline):
    odd_service.expect_request("/enrollmentGroups/g1").respond_with_data("<html>")

    ran = run_offline("enrollment-group show --gid g1 --debug", expect=1)

    assert "< (6 bytes that are not JSON)" in ran.err


def test_verbose_names_the_calls_only(run):
    ran = run("enrollment-group list --verbose")

    assert ran.err.startswith("POST https://127.0.0.1:")
    assert len(ran.err.splitlines()) == 1
    assert ran.json == []


def test_token_that_the_service_repeats_is_masked(odd_service, run_offline):
    def echo(request):
        from werkzeug.wrappers import Response

        token = request.headers["Authorization"]
        return Response(f'{{"message": "{token}"}}', status=401, content_type="application/json")

    odd_service.expect_request("/enrollmentGroups/g1").respond_with_handler(echo)

    ran = run_offline("enrollment-group show --gid g1 --debug", expect=4)

    token = odd_service.log[0][0].headers["Authorization"]
    assert parse_qs(token)["sig"][0] not in unquote(ran.err)
    assert token not in ran.err
