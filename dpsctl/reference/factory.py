"""`python -m dpsctl.reference.factory FILE`: pack `dpsctl-keys.pyz`, one file for a factory."""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipapp
from pathlib import Path

import dpsctl

# What `dpsctl.fleet.factory` imports, and no more: each needs nothing but the standard library.
_MODULES = (
    "__init__",
    "errors",
    "fleet/__init__",
    "fleet/derivation",
    "fleet/device_files",
    "fleet/factory",
    "fleet/filtering",
    "fleet/jobs",
    "fleet/json_rows",
    "fleet/layouts",
    "fleet/registration_ids",
    "fleet/rows",
    "fleet/tables",
    "keys",
    "platforms",
    "permissions",
    "private_files",
    "process",
    "streams",
    "text/__init__",
    "text/json_text",
    "text/lines",
    "text/paths",
    "text/values",
)
_MAIN = """from dpsctl.fleet.factory import run

if __name__ == "__main__":
    run()
"""


def pack(target: Path) -> None:
    """Write the archive *target*; `python3 -I -S target` runs it, on Python 3.11 or newer."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "dpsctl"
        for name in _MODULES:
            copied = package / f"{name}.py"
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(dpsctl.__file__).parent / f"{name}.py", copied)
        (Path(folder) / "__main__.py").write_text(_MAIN, encoding="utf-8")
        zipapp.create_archive(folder, target, "/usr/bin/env python3", compressed=True)


if __name__ == "__main__":
    pack(Path(sys.argv[1] if len(sys.argv) > 1 else "dpsctl-keys.pyz"))
