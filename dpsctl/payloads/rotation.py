"""How a group's certificate or key is rolled over, step by step, judged by what the group holds.

The steps: the new one goes to the secondary slot (stage), it becomes the primary (promote), and
the old one goes (finish).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.options.enrollment import Removal
from dpsctl.options.words import RotationStep, Toggle
from dpsctl.payloads.attestation import SIGNING, changed_attestation

Json = dict[str, Any]
STEPS = tuple(RotationStep)
_NO_SECONDARY = Removal(remove_secondary_certificate=Toggle.true)


@dataclass(frozen=True, kw_only=True)
class NewCertificate:
    """The new certificate's text and SHA-256 thumbprint, and the old one's if its file is given."""

    pem: str
    thumbprint: str
    old_pem: str | None = None
    old_thumbprint: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class NewKey:
    """The new key, None until it is made, and a *fresh* one that nobody holds."""

    key: str | None
    fresh: str


def steps_done(attestation: Json, new: NewCertificate | NewKey) -> int:
    """Count the steps that were taken. Raises UsageError where *new* does not fit the group.

    A finished rotation of keys looks as one that was promoted: both slots always hold a key.
    """
    _check_kind(attestation, new)
    if isinstance(new, NewCertificate):
        return _certificate_steps(attestation, new)
    held = attestation.get("symmetricKey") or {}
    if new.key is None or new.key not in (held.get("primaryKey"), held.get("secondaryKey")):
        return 0
    return 2 if held.get("primaryKey") == new.key else 1


def rotated(attestation: Json, step: RotationStep, new: NewCertificate | NewKey) -> Json:
    """Return *attestation* after *step*, or as it is where the step was taken before.

    Raises UsageError where it is not yet the step's turn.
    """
    done = steps_done(attestation, new)
    if done > STEPS.index(step):
        return attestation
    if isinstance(new, NewKey):
        return _rotated_keys(attestation, step, new, done)
    return _rotated_certificates(attestation, step, new, done)


def _check_kind(attestation: Json, new: NewCertificate | NewKey) -> None:
    kind = attestation.get("type")
    if kind == "symmetricKey" and isinstance(new, NewCertificate):
        raise UsageError(
            "--certificate-path: the group's attestation is symmetricKey",
            "Rotate its keys: leave the certificate out.",
        )
    if kind == "x509" and isinstance(new, NewKey):
        raise UsageError(
            "--certificate-path is missing: the group's attestation is x509",
            "Give the new certificate's file; the service never returns a certificate's text.",
        )
    if kind not in {"symmetricKey", "x509"}:
        raise UsageError(f"The group's attestation is {kind}: there is nothing to rotate")


def _certificate_steps(attestation: Json, new: NewCertificate) -> int:
    slots = _slots(attestation)
    primary, secondary = (_thumbprint(slots.get(slot)) for slot in ("primary", "secondary"))
    if primary is None:
        raise UsageError(
            "The group's primary slot holds no certificate, so there is none to replace",
            "'enrollment-group update --certificate-path FILE' puts one there.",
        )
    if primary == new.thumbprint:
        return 3 if secondary is None else 2
    if secondary not in {None, new.thumbprint}:
        raise UsageError(
            "The group's secondary slot holds another certificate than --certificate-path",
            "'enrollment-group update --remove-secondary-certificate' takes it away, if no device"
            " needs it.",
        )
    return 0 if secondary is None else 1


def _slots(attestation: Json) -> Json:
    x509 = attestation.get("x509") or {}
    if x509.get("caReferences"):
        raise UsageError(
            "The group's devices are trusted by the names of CA certificates",
            "'enrollment-group update --root-ca-name NAME' changes them.",
        )
    return x509.get(SIGNING) or {}


def _thumbprint(slot: Json | None) -> str | None:
    """Return a slot's thumbprint, None for an empty slot; one without stands for no certificate."""
    if not slot:
        return None
    return str((slot.get("info") or {}).get("sha256Thumbprint")).upper()


def _rotated_certificates(
    attestation: Json, step: RotationStep, new: NewCertificate, done: int
) -> Json:
    if step is RotationStep.stage:
        return _with_certificates(attestation, {"secondary": new.pem})
    if done == 0:
        raise _too_early(step, "the secondary slot is empty", RotationStep.stage)
    if step is RotationStep.finish:
        primary = {"primary": new.pem} if done == 1 else {}
        return _with_certificates(attestation, primary, _NO_SECONDARY)
    if new.old_pem is None:
        raise UsageError(
            "--step promote: --old-certificate-path is missing",
            "The service never returns a certificate's text. Without the old file, go on with"
            " --step finish: it makes the new certificate the primary and drops the old one.",
        )
    if new.old_thumbprint != _thumbprint(_slots(attestation)["primary"]):
        raise UsageError(
            "--old-certificate-path: that is not the group's primary certificate",
            "'enrollment-group show' prints the thumbprints of those it holds.",
        )
    return _with_certificates(attestation, {"primary": new.pem, "secondary": new.old_pem})


def _with_certificates(
    attestation: Json, texts: dict[str, str], removal: Removal | None = None
) -> Json:
    slots = {slot: {"certificate": text} for slot, text in texts.items()}
    new = {"type": "x509", "x509": {SIGNING: slots}} if slots else None
    return changed_attestation(attestation, new, removal or Removal(), SIGNING)


def _rotated_keys(attestation: Json, step: RotationStep, new: NewKey, done: int) -> Json:
    held = attestation.get("symmetricKey") or {}
    if step is not RotationStep.stage and done == 0:
        raise _too_early(step, "the secondary key is another than --key", RotationStep.stage)
    if step is RotationStep.finish and done == 1:
        raise _too_early(step, "the primary key is another than --key", RotationStep.promote)
    changes: dict[RotationStep, Json] = {
        RotationStep.stage: {"secondaryKey": new.key or new.fresh},
        RotationStep.promote: {"primaryKey": new.key, "secondaryKey": held.get("primaryKey")},
        RotationStep.finish: {"secondaryKey": new.fresh},
    }
    return {**attestation, "symmetricKey": {**held, **changes[step]}}


def _too_early(step: RotationStep, problem: str, first: RotationStep) -> UsageError:
    return UsageError(f"--step {step}: {problem}", f"Nothing was written; --step {first} is first.")
