"""The environment in which a client finds and trusts an emulator."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi


def client_environment(
    ready: Mapping[str, Any], inherited: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Return the variables to set over those *inherited*, so that clients use the emulator.

    *ready* is what `Emulator.ready` says of it, *folder* is its own, for files.

    dpsctl, Python, OpenSSL and Node then trust it beside the public authorities, and no proxy
    stands between.
    """
    host = urlsplit(ready["endpoint"]).hostname or ""
    return {
        "DPSCTL_LOGIN": ready["connectionString"],
        "DPSCTL_ID_SCOPE": ready["idScope"],
        "DPSCTL_ENDPOINT_URL": ready["endpoint"],
        "DPSCTL_DEVICE_ENDPOINT_URL": ready["endpoint"],
        "DPSCTL_CENTRAL_APP": ready["endpoint"],
        "DPSCTL_CENTRAL_TOKEN": ready["centralToken"],
        "DPSCTL_ARM_URL": ready["endpoint"],
        "DPSCTL_ACCESS_TOKEN": ready["accessToken"],
        "DPSCTL_EMULATOR": "1",
        "DPSCTL_EMULATOR_CONTROL_TOKEN": ready["controlToken"],
        "DPSCTL_EMULATOR_PAGE": ready["page"],
        "NO_PROXY": _without_proxy(inherited.get("NO_PROXY", ""), host),
        "no_proxy": _without_proxy(inherited.get("no_proxy", ""), host),
        **(_trust(Path(ready["caFile"]), folder / "bundle.pem") if ready["caFile"] else {}),
    }


def shell_lines(shell: str, variables: Mapping[str, str]) -> str:
    """Return the lines that set *variables* in `sh`, `fish`, `powershell` or `cmd`."""
    return "\n".join(_LINES[shell](name, value) for name, value in variables.items())


def _without_proxy(others: str, host: str) -> str:
    names = dict.fromkeys([*filter(None, others.split(",")), host, "127.0.0.1", "localhost"])
    return ",".join(names)


def _trust(ca_file: Path, bundle: Path) -> dict[str, str]:
    """Write the public roots and the emulator's into one file: both are to be trusted."""
    if not bundle.exists():  # once: a child may be reading it
        roots = Path(certifi.where()).read_text(encoding="utf-8")
        bundle.write_text(f"{roots}\n{ca_file.read_text(encoding='utf-8')}", encoding="utf-8")
    return {
        "REQUESTS_CA_BUNDLE": str(bundle),
        "CURL_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "NODE_EXTRA_CA_CERTS": str(ca_file),
    }


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


def _powershell(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"$env:{name} = '{quoted}'"


_LINES: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": _fish,
    "powershell": _powershell,
    "cmd": lambda name, value: f'set "{name}={value}"',
}
SHELLS = tuple(_LINES)
