"""What a route asks of its caller before its handler is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dpsctl.emulator.access.access_tokens import DPS, why_refused
from dpsctl.emulator.access.tokens import SasToken, read_token, unauthorized
from dpsctl.emulator.answers import FORBIDDEN, Refusal, invalid
from dpsctl.emulator.call import Call
from dpsctl.emulator.identity import Identity
from dpsctl.emulator.settings import OWNER_POLICY, RIGHTS

Guard = Callable[[Call], None]

# Those of docs/service.md#a1 and docs/service.md#j1. They differ in which fields of certificate
# policies a record may have, and in docs/service.md#b9.
SERVICE_VERSIONS = (
    "2018-09-01-preview",
    "2018-11-01",
    "2019-03-31",
    "2021-06-01",
    "2021-10-01",
    "2021-11-01-preview",
    "2025-07-01-preview",
    "2026-04-01",
    "2026-07-01-preview",
    "2026-11-01",
    "2026-11-02-preview",
)
DEVICE_VERSIONS = ("2017-11-15", "2018-04-01", *SERVICE_VERSIONS)


def policy_with(right: str) -> Guard:
    """Return the guard that wants a token of a policy that holds *right*, and a known version."""

    def check(call: Call) -> None:
        _check_policy(call, right)
        _check_version(call, SERVICE_VERSIONS)

    return check


def device_version(call: Call) -> None:
    """Refuse a device's request in a version that nobody knows. Raises Refusal."""
    _check_version(call, DEVICE_VERSIONS)


def _check_version(call: Call, known: tuple[str, ...]) -> None:
    if call.request.args.get("api-version") not in known:
        raise invalid(f"The api-version is missing or not supported; there are {', '.join(known)}.")


def _check_policy(call: Call, right: str) -> None:
    """Refuse a caller without a valid token (401), or whose policy or role lacks *right* (403).

    Whatever host `sr` names is as good as another: the emulator has many names.
    """
    scheme, _, bearer = (call.header("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        _check_access_token(call, bearer.strip(), right)
        return
    token = read_token(call.header("Authorization"))
    if call.service.local_auth.is_disabled:
        raise unauthorized(reason="disableLocalAuth: keys open nothing, access tokens do.")
    rights = dict(call.settings.policies) | {OWNER_POLICY: RIGHTS}
    if token.policy not in rights:
        raise unauthorized(reason=f"There is no policy {token.policy!r} (skn).")
    if token.is_expired(call.clock.now()):
        raise unauthorized(reason="The token has expired.")
    if not _is_signed(token, call.service.identity):
        raise unauthorized(reason=f"The token is not signed with a key of {token.policy}.")
    if right not in rights[token.policy]:
        raise Refusal(FORBIDDEN, f"The policy {token.policy} lacks {right}.")


@lru_cache(maxsize=256)  # clients send one token many times
def _is_signed(token: SasToken, identity: Identity) -> bool:
    return any(map(token.is_signed_with, identity.keys_of(token.policy)))


def _check_access_token(call: Call, token: str, right: str) -> None:
    rights = dict(call.settings.access_tokens).get(token)
    if rights is None:
        if problem := why_refused(token, DPS, call.service.identity, call.clock.now()):
            raise unauthorized(reason=problem)
        return
    if right not in rights:
        raise Refusal(FORBIDDEN, f"Who signed in lacks {right}.")
