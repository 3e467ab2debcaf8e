"""`dpsctl version`: what is running, and which versions of the services it speaks."""

from __future__ import annotations

import re
import sys

from dpsctl import __version__
from dpsctl.frame.verbs import verb


@verb(
    columns={"dpsctl": "dpsctl", "Python": "python", "Platform": "platform"},
    examples=["dpsctl version", "dpsctl version --query dpsctl -o tsv"],
)
def version() -> dict[str, object]:
    """Show the versions of dpsctl and of what it works with.

    A version of an API is the one that is asked for unless another is named; where there are two,
    the second serves what only that one has. A library that is not installed is null.
    """
    import platform

    return {
        "dpsctl": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": platform.platform(),
        "apiVersions": _api_versions(),
        "libraries": _libraries(),
    }


def _api_versions() -> dict[str, list[str]]:
    from dpsctl.payloads.certificate_policy import POLICY_VERSION
    from dpsctl.service import central, device, settings
    from dpsctl.service.azure import arm

    return {
        "service": [settings.API_VERSION, POLICY_VERSION],
        "device": [device.API_VERSION, POLICY_VERSION],
        "central": [central.STABLE, central.PREVIEW],
        "resourceManager": [arm.API_VERSION, arm.NEWER_VERSION],
    }


def _libraries() -> dict[str, str | None]:
    """Return the version of each package that dpsctl and the extras for users ask for."""
    import ssl

    needs = [need for need in _of("dpsctl", "Requires-Dist") if "extra == 'dev'" not in need]
    names = sorted({re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs})
    versions = {name: next(iter(_of(name, "Version")), None) for name in names}
    return versions | {"openssl": ssl.OPENSSL_VERSION}


def _of(package: str, field: str) -> list[str]:
    """Return what an installed package says of itself; a checkout need not be installed."""
    from importlib import metadata

    try:
        return metadata.metadata(package).get_all(field) or []
    except metadata.PackageNotFoundError:
        return []


command = version
