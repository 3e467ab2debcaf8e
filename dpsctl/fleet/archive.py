"""`dpsctl-keys.pyz`: `dpsctl.fleet.factory` with all that it imports, packed in one file."""

from __future__ import annotations

from io import BytesIO
from pkgutil import get_data
from zipfile import ZipFile, ZipInfo

# What `dpsctl.fleet.factory` imports, and no more: each needs nothing but the standard library.
_MODULES = (
    "__init__",
    "errors",
    "fleet/__init__",
    "fleet/batch_reports",
    "fleet/choices",
    "fleet/derivation",
    "fleet/device_files",
    "fleet/factory",
    "fleet/filtering",
    "fleet/group_keys",
    "fleet/id_rules",
    "fleet/jobs",
    "fleet/json_rows",
    "fleet/known_ids",
    "fleet/labels",
    "fleet/layouts",
    "fleet/refusals",
    "fleet/registration_ids",
    "fleet/rows",
    "fleet/tables",
    "frozen",
    "keys",
    "machine/__init__",
    "machine/permissions",
    "machine/platforms",
    "machine/private_files",
    "machine/process",
    "machine/streams",
    "options/__init__",
    "options/durations",
    "text/__init__",
    "text/json_text",
    "text/lines",
    "text/opening",
    "text/paths",
    "text/values",
)
_MAIN = """from dpsctl.fleet.factory import run

if __name__ == "__main__":
    run()
"""


def archive() -> bytes:
    """Return the archive; Python 3.11 or newer runs it.

    The same bytes on every machine, so that its checksum says something: nothing is compressed (by
    which zlib?), and all is of ZIP's first day.
    """
    packed = BytesIO()
    packed.write(b"#!/usr/bin/env python3\n")
    with ZipFile(packed, "a") as files:
        for name in _MODULES:
            files.writestr(_entry(f"dpsctl/{name}.py"), get_data("dpsctl", f"{name}.py") or b"")
        files.writestr(_entry("__main__.py"), _MAIN)
    return packed.getvalue()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.create_system = 3  # Unix, on Windows too
    return entry
