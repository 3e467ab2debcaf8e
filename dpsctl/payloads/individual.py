"""One individual enrollment that somebody wants: checked, then as a body or as a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from dpsctl.errors import UsageError
from dpsctl.frozen import frozen
from dpsctl.options.enrollment import Settings
from dpsctl.options.individual import Device, IndividualAttestation
from dpsctl.options.records import Edits
from dpsctl.options.words import AttestationType
from dpsctl.payloads.attestation import CLIENT, check_type, new_attestation
from dpsctl.payloads.enrollment import Change, check_edits

ID_FIELD = "registrationId"


@frozen(kw_only=True)
class Draft:
    """What the options, or a row of a file, say of an enrollment.

    *certificates* are texts that a row itself holds, by slot: `primary`, `secondary`.
    """

    record_id: str | None = None
    attestation_type: AttestationType | None = None
    attestation: IndividualAttestation = field(default_factory=IndividualAttestation)
    device: Device = field(default_factory=Device)
    settings: Settings = field(default_factory=Settings)
    edits: Edits = field(default_factory=Edits)
    certificates: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> str:
        """Return the id of a draft that can be made. Raises UsageError."""
        if self.record_id is None or self.attestation_type is None:
            missing, hint = "--enrollment-id", "An enrollment has the id of its device."
            if self.record_id is not None:
                missing, hint = "--attestation-type", f"It takes {', '.join(AttestationType)}."
            raise UsageError(f"{missing} is missing", hint)
        check_type(self.attestation_type, self.attestation, is_certified=bool(self.certificates))
        check_edits(self.edits, ID_FIELD)
        return self.record_id

    def change(self, certificates: Mapping[str, str]) -> Change:
        """Say what it asks of a record; *certificates* are the texts of all of them, by slot."""
        return Change(
            attestation=new_attestation(self.attestation, certificates, CLIENT),
            collection=CLIENT,
            settings=self.settings,
            edits=self.edits,
            device=self.device,
        )
