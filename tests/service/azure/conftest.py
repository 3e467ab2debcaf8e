"""An Azure to sign in to: who issues tokens, the resource manager, a service that takes them."""

import base64
import json
import re
import ssl
import sys
import time
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization as form
from pytest_httpserver import HTTPServer
from werkzeug import Response

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import RIGHTS, EmulatorSettings

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
PROVIDER = "providers/Microsoft.Devices/provisioningServices"
READ = frozenset({"EnrollmentRead", "RegistrationStatusRead"})
ALL_RIGHTS = (
    "ServiceConfig, EnrollmentRead, EnrollmentWrite, DeviceConnect, RegistrationStatusRead, "
    "RegistrationStatusWrite"
)


def jwt(**claims):
    """Make a token that says *claims*; nobody signs it."""
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    )
    return f"{head}.{body}.c2lnbmF0dXJl"


def token_for(audience, **claims):
    return jwt(**{"aud": audience, "exp": 4_000_000_000, **claims})


ARM_TOKENS = {
    f"https://management.{suffix}": token_for(f"https://management.{suffix}")
    for suffix in ("azure.com", "usgovcloudapi.net", "chinacloudapi.cn")
}
DPS = "https://azure-devices-provisioning.net"
DPS_TOKEN = token_for(DPS)
READER_TOKEN = token_for(DPS, role="reader")


class FakeAzure:
    """ARM and the token endpoint on one HTTPS server, which keeps a log of what it was asked."""

    def __init__(self, server):
        self.server = server
        self.url = server.url_for("").rstrip("/")
        self.subscriptions = {SUBSCRIPTION: "production"}
        self.services = []
        self.grants = []
        for prefix, handler in (("/subscriptions", self._arm), (f"/{TENANT}", self._login)):
            server.expect_request(re.compile(f"{prefix}.*")).respond_with_handler(handler)

    def add(self, name, key, *, group="rg", suffix="net", rights=ALL_RIGHTS, **policies):
        """Add a service whose owner policy has *key*; *policies* come before it."""
        scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        self.services.append(
            {
                "id": f"{scope}/{PROVIDER}/{name}",
                "name": name,
                "group": group,
                "host": f"{name}.azure-devices-provisioning.{suffix}",
                "policies": [*policies.items(), ("provisioningserviceowner", (key, rights))],
            }
        )

    @property
    def asked(self):
        """What ARM was asked, without the host and the version."""
        log = [(request.method, request.path) for request, _ in self.server.log]
        return [f"{method} {path}" for method, path in log if path.startswith("/subscriptions")]

    @property
    def scopes(self):
        """The scopes that tokens were asked for."""
        return [grant["scope"].split()[0] for grant in self.grants]

    def _login(self, request):
        if request.method == "GET":
            endpoint = f"{self.url}/{TENANT}/oauth2/v2.0"
            return _json(
                {
                    "authorization_endpoint": f"{endpoint}/authorize",
                    "token_endpoint": f"{endpoint}/token",
                    "issuer": f"{self.url}/{TENANT}/v2.0",
                }
            )
        text = request.get_data(as_text=True)
        grant = {name: values[0] for name, values in parse_qs(text).items()}
        self.grants.append(grant)
        if grant.get("client_secret") == "a-wrong-client-secret":
            problem = "AADSTS7000215: Invalid client secret provided."
            return _json({"error": "invalid_client", "error_description": problem}, 401)
        token = ARM_TOKENS.get(grant["scope"].split("/.default")[0], DPS_TOKEN)
        return _json({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _arm(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in ARM_TOKENS.values():
            return _error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        parts = request.path.strip("/").split("/")
        if len(parts) == 1:
            found = self.subscriptions.items()
            return _json({"value": [{"subscriptionId": a, "displayName": b} for a, b in found]})
        if parts[1] not in self.subscriptions:
            return _error(404, "SubscriptionNotFound", f"No subscription {parts[1]}.")
        if parts[-1] == "listkeys":
            return self._keys(request)
        return self._found(request, parts)

    def _found(self, request, parts):
        group = parts[3].lower() if parts[2] == "resourceGroups" else None
        if group not in (None, "rg", *(item["group"].lower() for item in self.services)):
            return _error(404, "ResourceGroupNotFound", f"Resource group '{group}' not found.")
        there = [item for item in self.services if group in (None, item["group"].lower())]
        if parts[-1] == "provisioningServices":
            return self._page(request, [_resource(item) for item in there])
        for item in there:
            if item["name"].lower() == parts[-1].lower():
                return _json(_resource(item))
        return _error(404, "ResourceNotFound", f"The Resource {parts[-1]} was not found.")

    def _keys(self, request):
        for item in self.services:
            if request.path.lower() == f"{item['id']}/listkeys".lower():
                keys = [
                    {"keyName": name, "primaryKey": key, "secondaryKey": key, "rights": rights}
                    for name, (key, rights) in item["policies"]
                ]
                return self._page(request, keys)
        return _error(404, "ResourceNotFound", "No such service.")

    def _page(self, request, items):
        """Answer with one item a page."""
        start = int(request.args.get("$skiptoken", 0))
        answer = {"value": items[start : start + 1]}
        if start + 1 < len(items):
            query = f"api-version={request.args['api-version']}&%24skiptoken={start + 1}"
            answer["nextLink"] = f"{self.url}{request.path}?{query}"
        return _json(answer)


def _resource(item):
    properties = {"serviceOperationsHostName": item["host"], "state": "Active"}
    return {"id": item["id"], "name": item["name"], "properties": properties}


def _json(body, status=200):
    return Response(json.dumps(body), status, content_type="application/json")


def _error(status, code, message):
    return _json({"error": {"code": code, "message": message}}, status)


@pytest.fixture
def tokens():
    """What the fake Azure issues, and how to make more."""
    return SimpleNamespace(
        arm=ARM_TOKENS["https://management.azure.com"],
        dps=DPS_TOKEN,
        reader=READER_TOKEN,
        make=token_for,
        every=[*ARM_TOKENS.values(), DPS_TOKEN],
        audience=DPS,
        tenant=TENANT,
    )


@pytest.fixture(scope="session")
def tokened_emulator():
    """An emulator that knows two who signed in: one may write, the other may only read."""
    tokens = ((DPS_TOKEN, RIGHTS), (READER_TOKEN, READ))
    settings = EmulatorSettings(access_tokens=tokens, policies=(("reader", READ),))
    with Emulator(settings) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def azure_server(tokened_emulator, tmp_path_factory):
    """An HTTPS server whose certificate is signed by the emulator's CA: one CA file for both."""
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    certificate, key = tokened_emulator.identity.server_certificate(("localhost",))
    plain = (form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    pem.write_bytes(certificate.public_bytes(form.Encoding.PEM) + key.private_bytes(*plain))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with HTTPServer(host="localhost", port=0, ssl_context=tls, threaded=True) as server:
        yield server


@pytest.fixture
def service(tokened_emulator, monkeypatch):
    """A service that takes keys and tokens; nobody has said yet where it is or who asks."""
    tokened_emulator.reset()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tokened_emulator.ca_file)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", tokened_emulator.endpoint)
    monkeypatch.setenv("PATH", "/nowhere")
    return tokened_emulator


@pytest.fixture
def azure(azure_server, service, monkeypatch):  # noqa: ARG001 - it sets the environment
    """An Azure with nothing in it yet; nobody is signed in."""
    azure_server.clear()
    monkeypatch.setenv("DPSCTL_ARM_URL", azure_server.url_for("").rstrip("/"))
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", azure_server.url_for("/"))
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    return FakeAzure(azure_server)


@pytest.fixture
def client_secret(azure, monkeypatch):
    """Sign in as an application with a secret."""
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", "an-application")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "the-client-secret")
    return azure


@pytest.fixture
def az(azure, monkeypatch, tmp_path):  # noqa: ARG001 - it sets the environment
    """An `az` on the path, signed in; the file that is returned lists how it was called."""
    folder, calls = tmp_path / "bin", tmp_path / "az.calls"
    folder.mkdir()
    calls.touch()
    script = folder / "az"
    tokens = {**ARM_TOKENS, DPS: DPS_TOKEN}
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(calls)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))\n"
        f"token = {tokens!r}[sys.argv[sys.argv.index('--resource') + 1]]\n"
        f"print(json.dumps({{'accessToken': token, 'expires_on': {time.time() + 3600:.0f}}}))\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return calls
