"""`dpsctl factory`: one file that derives keys where there is nothing but Python."""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from dpsctl.frame.verbs import verb
from dpsctl.options import kinds
from dpsctl.options.certificate import Force
from dpsctl.output.columns import Column

_NAME = "dpsctl-keys.pyz"


@verb(
    columns={"File": "path", "Version": "version", "SHA-256": Column("sha256", "whole")},
    examples=["dpsctl factory dpsctl-keys.pyz", "dpsctl factory usb/dpsctl-keys.pyz --force"],
)
def factory(
    file: Annotated[str, kinds.file(Argument, help="The file to write.")] = _NAME,
    *,
    force: Force = False,
) -> dict[str, str]:
    """Write dpsctl-keys.pyz, which derives device keys offline.

    It is what 'enrollment-group compute-device-key' is without a service, in one small file for
    machines on which nothing is installed: 'python3 -I -S dpsctl-keys.pyz --help'. FILE.sha256
    beside it is for 'sha256sum -c'; each version of dpsctl writes the same bytes everywhere.
    """
    from hashlib import sha256
    from pathlib import Path

    from dpsctl import __version__
    from dpsctl.fleet.archive import archive
    from dpsctl.machine.private_files import NewFile, write_together

    data = archive()
    digest = sha256(data).hexdigest()
    check = f"{digest}  {Path(file).name}\n".encode()
    files = [
        NewFile(file, "FILE", data, is_private=False),
        NewFile(f"{file}.sha256", "FILE", check, is_private=False),
    ]
    write_together(files, replace=force)
    return {"path": file, "sha256": digest, "version": __version__}


command = factory
