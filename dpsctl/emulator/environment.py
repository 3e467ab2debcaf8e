"""The environment in which a client finds and trusts an emulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi

if TYPE_CHECKING:
    from dpsctl.emulator.server import Emulator


def client_environment(emulator: Emulator, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set over those *inherited*, so that clients use the emulator.

    dpsctl, Python, OpenSSL and Node then trust it beside the public authorities, and no proxy
    stands between.
    """
    host = urlsplit(emulator.endpoint).hostname or ""
    return {
        "DPSCTL_LOGIN": emulator.connection_string,
        "DPSCTL_ID_SCOPE": emulator.id_scope,
        "DPSCTL_ENDPOINT_URL": emulator.endpoint,
        "DPSCTL_DEVICE_ENDPOINT_URL": emulator.endpoint,
        "DPSCTL_CENTRAL_APP": emulator.endpoint,
        "DPSCTL_CENTRAL_TOKEN": emulator.central_token,
        "NO_PROXY": _without_proxy(inherited.get("NO_PROXY", ""), host),
        "no_proxy": _without_proxy(inherited.get("no_proxy", ""), host),
        **(_trust(Path(emulator.ca_file)) if emulator.ca_file else {}),
    }


def _without_proxy(others: str, host: str) -> str:
    names = dict.fromkeys([*filter(None, others.split(",")), host, "127.0.0.1", "localhost"])
    return ",".join(names)


def _trust(ca_file: Path) -> dict[str, str]:
    """Write the public roots and the emulator's beside the emulator's: both are to be trusted."""
    bundle = ca_file.with_suffix(".bundle.pem")
    roots = Path(certifi.where()).read_text(encoding="utf-8")
    both = f"{roots}\n{ca_file.read_text(encoding='utf-8')}"
    if not bundle.exists() or bundle.read_text(encoding="utf-8") != both:
        bundle.write_text(both, encoding="utf-8")  # once: a child may be reading it
    return {
        "REQUESTS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "NODE_EXTRA_CA_CERTS": str(ca_file),
    }
