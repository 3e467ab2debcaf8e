"""Options of what is done about certificates and keys that grow old."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds, panels
from dpsctl.options.checks import duration_rule, key_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.words import RotationStep

ExpiresIn = Annotated[
    str,
    Option(
        "--expires-in",
        metavar="TIME",
        callback=duration_rule("--expires-in"),
        help="Report what ends within this time, such as 12h or 30d.",
        show_default=True,
    ),
]
StepOption = Annotated[
    RotationStep | None,
    Option(
        "--step",
        case_sensitive=False,
        help="The step to take; without it the command says which is next and writes nothing.",
    ),
]


@option_group
class Successor:
    """What devices are to prove who they are by from now on."""

    certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--certificate-path",
            "--cp",
            help="The new certificate, at every step.",
        ),
    ] = None
    old_certificate_path: Annotated[
        str | None,
        kinds.file(
            panels.attestation,
            "--old-certificate-path",
            "--ocp",
            help="The old certificate, which 'promote' puts into the secondary slot.",
        ),
    ] = None
    key: Annotated[
        str | None,
        kinds.secret(
            panels.attestation,
            "--key",
            "--symmetric-key",
            callback=key_rule("--key"),
            help="The new key; 'stage' makes one unless given.",
        ),
    ] = None
