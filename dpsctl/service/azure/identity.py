"""Who is signed in to Azure: access tokens, from wherever this machine has them."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from binascii import a2b_base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from dpsctl.errors import DpsctlError, Unauthorized
from dpsctl.run import Run
from dpsctl.service.auth import bearer
from dpsctl.service.azure import azure_cli
from dpsctl.service.azure.clouds import CLOUDS, DPS_SCOPE, Cloud
from dpsctl.service.calls import Request, Target
from dpsctl.service.endpoints import EMULATOR_VARIABLE, is_emulated
from dpsctl.service.proxies import proxy_for

TOKEN_VARIABLE = "DPSCTL_ACCESS_TOKEN"  # noqa: S105 - a variable's name
CENTRAL_SCOPE = "https://apps.azureiotcentral.com/.default"
_EARLY = 300.0  # seconds: a token is renewed before it can run out on the way
_UNKNOWN_LIFETIME = 600.0
_METADATA = "http://169.254.169.254"  # every virtual machine of Azure has it there
_SECRETS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD")
# A token of the classic endpoint is good for ARM too; az's own tokens carry it.
_CLASSIC_ARM = ("management.core.windows.net", "management.core.usgovcloudapi.net")
_HOW = (
    f"Set {TOKEN_VARIABLE}, or 'az login', or pip install 'dpsctl[azure]' and set "
    "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or run with a workload or managed "
    "identity)."
)


class Identity:
    """Whoever is signed in, in one cloud; tokens are kept in memory only.

    *verify* is a CA file or True, as `requests` takes it.
    """

    def __init__(self, cloud: Cloud, verify: str | bool, run: Run) -> None:
        self._cloud = cloud
        self._verify = verify
        self._run = run
        self._tokens: dict[str, tuple[str, float]] = {}
        for name in _SECRETS:
            run.masker.add(run.environ.get(name, ""))

    def authorization(self, scope: str) -> str:
        """Return the value of an Authorization header for *scope*.

        The first of these that is there answers: the environment's token, azure-identity, az.
        Raises Unauthorized if none is, or the one that is has no token to give.
        """
        token, ends = self._tokens.get(scope, ("", 0.0))
        if not token or ends - _EARLY < time.time():
            token, ends = self._new_token(scope)
            self._run.masker.add(token)
            self._tokens[scope] = (token, ends or time.time() + _UNKNOWN_LIFETIME)
        return f"Bearer {token}"

    def _new_token(self, scope: str) -> tuple[str, float]:
        self._run.masker.add(self._run.environ.get(TOKEN_VARIABLE, ""))
        given = bearer(self._run.environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE)
        if given and is_for(given, scope):
            _check_time(given)
            return given, float("inf")  # nobody else can renew it
        if is_emulated(self._run):
            raise Unauthorized(
                f"{EMULATOR_VARIABLE} is set, and {TOKEN_VARIABLE} is no token for the emulator",
                401,
                hint="Set all that 'dpsctl emulator env' prints, or unset all of it.",
            )
        found = self._from_azure_identity(scope) or azure_cli.access_token(scope, self._run)
        if found:
            return found
        if given:
            problem = (
                f"{TOKEN_VARIABLE} is a token for {', '.join(audiences_of(given))}, not for {scope}"
            )
            raise Unauthorized(problem, 401, hint=_HOW)
        aside = "DPSCTL_LOGIN is set aside by --dps-name: without it, it says where and who. "
        hint = f"{aside}{_HOW}" if self._run.environ.get("DPSCTL_LOGIN") else _HOW
        raise Unauthorized("Nobody is signed in to Azure", 401, hint=hint)

    def _from_azure_identity(self, scope: str) -> tuple[str, float] | None:
        """Ask azure-identity, if it is installed."""
        try:
            from azure.core.exceptions import ClientAuthenticationError
            from azure.identity import ChainedTokenCredential
        except ImportError:
            return None
        for name in ("azure", "msal"):  # they would write their warnings on stderr
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
        # azure-identity would repeat a proxy that it cannot read, password and all.
        proxy_for(f"https://{self._cloud.authority(self._run.environ)}", self._run)
        nobody = _Nobody()
        self._run.waiting.say(f"waiting for {self._cloud.authority(self._run.environ)}")
        try:
            found = ChainedTokenCredential(*self._credentials(), nobody).get_token(scope)
        except ClientAuthenticationError as error:
            if nobody.was_asked:
                return None
            raise Unauthorized(_in_short(error), 401, hint=_HOW) from None
        except ValueError as error:  # settings that contradict each other
            raise Unauthorized(f"azure-identity: {error}", 401, hint=_HOW) from None
        return found.token, float(found.expires_on)

    def _credentials(self) -> Iterator[Any]:
        """Yield azure-identity's ways to sign in, in the order they are tried."""
        from azure import identity

        environ = self._run.environ
        authority = self._cloud.authority(environ)
        given: dict[str, Any] = {
            "authority": f"https://{authority}",
            "connection_verify": self._verify,
        }
        given["disable_instance_discovery"] = all(
            authority != cloud.authority_host for cloud in CLOUDS.values()
        )
        yield identity.EnvironmentCredential(**given)
        if environ.get("AZURE_FEDERATED_TOKEN_FILE"):
            yield identity.WorkloadIdentityCredential(**given)
        elif environ.get("ACTIONS_ID_TOKEN_REQUEST_URL") and environ.get("AZURE_CLIENT_ID"):
            yield identity.ClientAssertionCredential(
                environ.get("AZURE_TENANT_ID", ""),
                environ["AZURE_CLIENT_ID"],
                self._assertion_of_github,
                **given,
            )
        yield identity.AzureCliCredential(process_timeout=60)
        if _may_have_managed_identity(environ):
            yield identity.ManagedIdentityCredential(client_id=environ.get("AZURE_CLIENT_ID"))

    def _assertion_of_github(self) -> str:
        """Ask GitHub, inside one of its workflows, for the token that says which one it is."""
        from dpsctl.service.http import Http

        url = urlsplit(self._run.environ["ACTIONS_ID_TOKEN_REQUEST_URL"])
        secret = self._run.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        self._run.masker.add(secret)
        target = Target(f"{url.scheme}://{url.netloc}", "", verify=self._verify)
        link = f"{url.geturl()}&audience=api%3A%2F%2FAzureADTokenExchange"
        request = Request("GET", link, is_link=True)
        answer = Http(target, lambda: f"Bearer {secret}", self._run).send(request)
        if not isinstance(answer.body, dict) or not answer.body.get("value"):
            raise DpsctlError("GitHub's answer holds no token", "Give the job 'id-token: write'.")
        self._run.masker.add(str(answer.body["value"]))
        return str(answer.body["value"])


class _Nobody:
    """The end of the chain: who comes here found no way to sign in, rather than a broken one."""

    was_asked = False

    def get_token(self, *_: Any, **__: Any) -> Any:
        self.was_asked = True
        raise Unauthorized("Nobody is signed in to Azure", 401)


def _may_have_managed_identity(environ: Mapping[str, str]) -> bool:
    """Tell within half a second what azure-identity takes five seconds for where there is none."""
    if environ.get("IDENTITY_ENDPOINT") or environ.get("MSI_ENDPOINT"):
        return True
    metadata = urlsplit(environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _METADATA)
    try:
        socket.create_connection((metadata.hostname, metadata.port or 80), 0.5).close()
    except OSError:
        return False
    return True


def audiences_of(token: str) -> list[str]:
    """Return whom a JWT is for; nobody if it is none, or does not say."""
    named = claims_of(token).get("aud") or []
    return [str(each) for each in (named if isinstance(named, list) else [named])]


def _check_time(token: str) -> None:
    """Refuse a token that says itself that it has run out: the service would just say 401."""
    ends = claims_of(token).get("exp")
    if isinstance(ends, int | float) and ends < time.time():
        raise Unauthorized(
            f"{TOKEN_VARIABLE} has run out {time.time() - ends:.0f} s ago",
            401,
            hint="'az account get-access-token' gives a new one.",
        )


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JWT says, unverified; nothing if it is none."""
    try:
        body = token.split(".")[1].translate(str.maketrans("-_", "+/"))
        claims = json.loads(a2b_base64(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def is_for(token: str, scope: str) -> bool:
    """Tell whether *token* may be meant for *scope*; only one for another service is not.

    An audience may also be an application's id, which says nothing here.
    """
    audiences = {urlsplit(audience).hostname for audience in audiences_of(token)}
    arm: set[str | None] = {*_CLASSIC_ARM, *(cloud.arm_host for cloud in CLOUDS.values())}
    groups = [arm, *({urlsplit(known).hostname} for known in (DPS_SCOPE, CENTRAL_SCOPE))]
    wanted = urlsplit(scope).hostname
    known = [group for group in groups if audiences & group]
    return not known or any(wanted in group for group in known)


def _in_short(error: Exception) -> str:
    """Return what the one that failed had to say, without those before it and without links."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    tried = [line for line in lines if re.match(r"\w+Credential: ", line)]
    return f"Signing in failed: {(tried or lines)[-1][:600]}"
