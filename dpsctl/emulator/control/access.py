"""Who may control the emulator: the tester beside it, and no page in that tester's browser."""

from __future__ import annotations

import ipaddress
import re
from hmac import compare_digest

from dpsctl.emulator.access.tokens import unauthorized
from dpsctl.emulator.answers import FORBIDDEN, Refusal
from dpsctl.emulator.call import Call

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:[0-9]*)?", re.ASCII)
_READS = ("GET", "HEAD")
_PROVE_IT = (
    "The control token is missing or wrong. It is controlToken in the line of 'emulator run' and "
    "DPSCTL_EMULATOR_CONTROL_TOKEN under 'emulator exec': send 'Authorization: Bearer TOKEN'."
)


def owner(call: Call) -> None:
    """Refuse who may not control the emulator, and who reads without the control token.

    Raises Refusal.
    """
    tester(call)
    _check_token(call)


def tester(call: Call) -> None:
    """Refuse who calls from elsewhere, and who changes something without the control token.

    A page of any site can send requests to this machine. Its browser says whose page it is in
    Origin; once the site's name leads to this machine's address (DNS rebinding) it would read the
    answers too, but then Host is that name. Pictures and the like are asked for without an Origin,
    but Sec-Fetch-Site says where the page is from. Raises Refusal.
    """
    if not _is_from_here(call):
        raise Refusal(FORBIDDEN, "Only this machine may control the emulator.")
    host, origin = call.header("Host") or "", call.header("Origin")
    if not _is_own_name(call, host):
        raise Refusal(FORBIDDEN, "Host must be a name of this machine, such as localhost.")
    scheme = "https" if call.settings.tls else "http"
    if origin is not None and origin.lower() != f"{scheme}://{host}".lower():
        raise Refusal(FORBIDDEN, "Pages of other origins may not control the emulator.")
    is_elsewhere = call.header("Sec-Fetch-Site") in ("cross-site", "same-site")
    if is_elsewhere and call.header("Sec-Fetch-Mode") != "navigate":
        raise Refusal(FORBIDDEN, "Pages of other origins may not control the emulator.")
    if call.request.method not in _READS:
        _check_token(call)


def _check_token(call: Call) -> None:
    scheme, _, token = (call.header("Authorization") or "").partition(" ")
    is_right = compare_digest(token.strip().encode(), call.service.control_token.encode())
    if scheme.lower() != "bearer" or not is_right:
        raise unauthorized(_PROVE_IT)


def _is_from_here(call: Call) -> bool:
    """Say whether this machine calls: by loopback, or by the very address that it has."""
    caller = call.request.remote_addr or ""
    return _is_loopback(caller) or caller == call.request.environ.get("dpsctl.own_address")


def _is_own_name(call: Call, host: str) -> bool:
    """Say whether Host names this machine, or the emulator as its user does."""
    found = _HOST.fullmatch(host)
    if not found:
        return False
    name = found[1].strip("[]").lower()
    is_local = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
    return is_local or name in {own.lower() for own in (call.settings.host, *call.settings.sans)}


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
