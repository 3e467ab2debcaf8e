"""Who is asking: connection strings and the tokens that are signed with them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from dpsctl import keys
from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.service.calls import SignsAnew, header_problem, signs_as_ever
from dpsctl.service.hints import Hint

# az signs for ten minutes (docs/service.md#b7); a token is made for each request, so none runs out.
_TOKEN_LIFETIME = 600
_PARTS = {
    "hostname": "HostName",
    "sharedaccesskeyname": "SharedAccessKeyName",
    "sharedaccesskey": "SharedAccessKey",
}
_SHAPE = (
    "Its parts are HostName=..., SharedAccessKeyName=... and SharedAccessKey=... with ';' between."
)
_CUT = "A shell ends a command at each ';': put the whole connection string in quotes."
# Those of other services' and of devices' strings; anything else may be a piece of a secret.
_FOREIGN = {"deviceid", "moduleid", "gatewayhostname", "entitypath", "endpoint", "accountkey"}
_HOST = re.compile(
    r"""(?xi) (?: (?=.{1,253}(?::|$)) [a-z0-9_] (?: [a-z0-9_-]{0,61} [a-z0-9_] )?
        (?: \. [a-z0-9_] (?: [a-z0-9_-]{0,61} [a-z0-9_] )? )* \.?
        | \[ [0-9a-f:.]+ \] ) (?: : (?P<port>[0-9]{1,5}) )?"""
)
_MAX_PORT = 65_535


@frozen
class Access:
    """A way in: *host* and *authorization* are found out when they are first needed.

    *hint* says what to do when the service refuses. *signs_anew* is told of a 401, and says whether
    *authorization* is another one from now on. *note* says what is odd about how one got in.
    """

    host: Callable[[], str]
    authorization: Callable[[], str]
    hint: Hint
    signs_anew: SignsAnew = signs_as_ever
    note: Callable[[], str] = str


@frozen
class ConnectionString:
    """The host, policy and key of a service's shared access policy."""

    host: str
    policy: str
    key: str

    @classmethod
    def parse(cls, text: str, source: str) -> ConnectionString:
        """Read a connection string, its parts in any order and case.

        *source* names where it came from in errors, which never hold any of the text. Raises
        UsageError.
        """
        refuse_quotes(text, source)
        parts = _parts_of(text, source)
        for key, name in _PARTS.items():
            if not parts.get(key):
                hint = _CUT if parts.keys() == {"hostname"} else _SHAPE
                raise UsageError(f"{source}: the connection string has no {name}", hint)
        host = parts["hostname"]
        if not is_host(host):
            raise UsageError(
                f"{source}: the connection string's HostName is not a host name",
                "Write the bare name, such as my-dps.azure-devices-provisioning.net.",
            )
        try:
            keys.decode_key(parts["sharedaccesskey"])
        except keys.KeyFormatError as error:
            raise UsageError(f"{source}: the SharedAccessKey is no key: {error}", _SHAPE) from None
        return cls(host, parts["sharedaccesskeyname"], parts["sharedaccesskey"])

    def authorization(self) -> str:
        """Sign a token for the next ten minutes: the value of an Authorization header."""
        expires_at = int(time.time()) + _TOKEN_LIFETIME
        return keys.sas_token(self.host, self.key, expires_at, self.policy)


def bearer(token: str, source: str) -> str:
    """Return *token* without blanks around it. Raises UsageError if no header can carry it.

    *source* names where it came from.
    """
    refuse_quotes(token, source)
    if problem := header_problem(token.strip()):
        raise UsageError(f"{source} is no token: {problem}", "Copy it whole, as one line.")
    return token.strip()


def refuse_quotes(text: str, source: str) -> None:
    """Refuse a value whose quotes somebody kept. Raises UsageError, which starts with *source*."""
    if keys.is_quoted(text.strip()):
        raise UsageError(
            f"{source}: there are quotes around the value, and they are no part of it",
            "Take them off. docker's --env-file keeps them, and so does az without -o tsv.",
        )


def is_host(text: str) -> bool:
    """Tell whether *text* is a host name or address, maybe with a port."""
    match = _HOST.fullmatch(text)
    return match is not None and int(match["port"] or 0) <= _MAX_PORT


def is_host_name(name: str) -> bool:
    """Tell a host from the bare name of a service."""
    return "." in name or ":" in name or name == "localhost"


def _parts_of(text: str, source: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, value = part.partition("=")
        key = name.strip().lower()
        if not equals:
            raise UsageError(f"{source} is not a connection string", _SHAPE)
        if key not in _PARTS:
            part_name = repr(name.strip()) if key in _FOREIGN else "of that name"
            raise UsageError(
                f"{source}: a provisioning service's connection string has no part {part_name}",
                "A hub's or a device's connection string does not open a provisioning service. "
                + _SHAPE,
            )
        if key in parts:
            raise UsageError(f"{source}: {_PARTS[key]} stands there twice", _SHAPE)
        parts[key] = value.strip()
    return parts
