"""The verdict on a device: what it shows, which enrollment takes it, whether that gets it a hub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dpsctl.admission.allocation import allocation_findings
from dpsctl.admission.by_certificate import sight_by_certificate
from dpsctl.admission.by_key import sight_by_key
from dpsctl.admission.findings import Explanation, Finding, Sight, Taker, Verdict
from dpsctl.admission.history import history_findings
from dpsctl.admission.known import ID_SCOPE, NO_SCOPE, Device, Known, attestation_of, title_of
from dpsctl.keys import upper_case_warning

_NO_ENROLLMENTS = "A list of individual enrollments would tell: --from FILE."


def explain(device: Device, known: Known, now: datetime) -> Explanation:
    """Say whether the service would register *device*, and what is in the way.

    The steps are those of the service, in its order: the first that fails decides, and the others
    are told of as well, as far as they can be judged.
    """
    sight = _sight(device, known, now)
    found = [*_scope(device, known), *_case(device, known), *sight.findings]
    if sight.taker is not None:
        found += _beside(sight.taker, known)
        found += _disabled(sight.taker)
        found += allocation_findings(sight.taker.record, known)
    registration = known.registration(device.registration_id)
    found += history_findings(registration)
    return Explanation(device.registration_id, sight.taker, tuple(found), registration)


def _sight(device: Device, known: Known, now: datetime) -> Sight:
    individual = known.individual(device.registration_id)
    if individual is not None and attestation_of(individual) == "tpm":
        message = f"its {title_of(individual)} wants its TPM to answer a challenge"
        hint = "Only the device itself can show that: no key and no certificate opens it."
        return Sight(None, (Finding("tpm", message, hint, Verdict.refused),))
    if device.key is not None:
        return sight_by_key(device, known, device.key)
    if device.chain:
        return sight_by_certificate(device, known, now)
    return _without_proof(device, known)


def _without_proof(device: Device, known: Known) -> Sight:
    """Say who may take a device of which nothing is known but its id."""
    individual = known.individual(device.registration_id)
    hint = "Give what it shows: --key, --group-key or --certificate-path."
    if individual is not None:
        title, how = title_of(individual), attestation_of(individual)
        message = f"it has the {title}, and takes it if it proves itself by {how}"
        found = Finding("noProof", message, hint, Verdict.undecided, is_unknown=True)
        return Sight(Taker(individual, f"if it proves itself by {how}"), (found,))
    groups = known.groups or ()
    if not groups and not known.is_blank and known.enrollments is not None:
        message = "there is no individual enrollment of it, and no enrollment group at all"
        advice = "'dpsctl enrollment create' or 'enrollment-group create' makes one."
        return Sight(None, (Finding("noEnrollment", message, advice, Verdict.refused),))
    open_ones = sum(1 for one in groups if one.get("provisioningStatus") != "disabled")
    message = f"no individual enrollment of it is known, and {open_ones} of {len(groups)} groups"
    message = f"{message} may take it by what it shows"
    return Sight(None, (Finding("noProof", message, hint, Verdict.undecided, is_unknown=True),))


def _scope(device: Device, known: Known) -> Iterator[Finding]:
    """Compare the ID scopes; their case counts (docs/service.md#b9)."""
    given, own = device.id_scope, known.id_scope
    if given is None or given == own:
        return
    if not ID_SCOPE.fullmatch(given):
        yield Finding("idScopeForm", f"its ID scope is {given}: {NO_SCOPE}")
    if own is not None:
        message = f"its ID scope is {given}, and the service's is {own}"
        yield Finding("idScope", message, f"Give it {own}.", Verdict.refused)


def _case(device: Device, known: Known) -> Iterator[Finding]:
    """Warn of an id whose case counts: in a key that is derived of it, not in a device's own."""
    is_derived = device.key is not None and known.individual(device.registration_id) is None
    if is_derived and (warning := upper_case_warning(device.registration_id)):
        yield Finding("upperCase", warning.replace("registration id", "the registration id", 1))


def _beside(taker: Taker, known: Known) -> Iterator[Finding]:
    """Name what was not given and may stand before *taker*."""
    if known.enrollments is None and "enrollmentGroupId" in taker.record:
        message = "an individual enrollment of it, if there is one, counts before every group"
        yield Finding("enrollmentsUnknown", message, _NO_ENROLLMENTS, is_unknown=True)


def _disabled(taker: Taker) -> Iterator[Finding]:
    if taker.record.get("provisioningStatus") == "disabled":
        title = title_of(taker.record)
        noun = "enrollment-group" if "enrollmentGroupId" in taker.record else "enrollment"
        hint = f"'dpsctl {noun} update --provisioning-status enabled' lets it in."
        yield Finding("disabled", f"{title} is disabled", hint, Verdict.disabled)
