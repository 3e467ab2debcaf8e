"""`dpsctl certificate`: certificates made and shown, and those that the service holds."""

from __future__ import annotations

from dpsctl.commands.certificate.authorities import (
    certify,
    create,
    delete,
    generate_verification_code,
    list_certificates,
    verify,
)
from dpsctl.commands.certificate.making import device, intermediate, root, verification
from dpsctl.commands.certificate.showing import show
from dpsctl.frame.verbs import Noun

command = Noun(
    "certificate",
    "Make certificates, and manage the service's CAs.",
    [
        root,
        intermediate,
        device,
        verification,
        show,
        create,
        list_certificates,
        delete,
        generate_verification_code,
        verify,
        certify,
    ],
)
