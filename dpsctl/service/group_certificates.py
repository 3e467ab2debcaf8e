"""An enrollment group of IoT Central and its certificates: writes that take several calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dpsctl.errors import BadAnswer, DpsctlError, NotFound, UsageError
from dpsctl.service.central import EnrollmentGroups
from dpsctl.service.possession import OwnCertificate

Json = dict[str, Any]
_LONGEST_NAME = 64  # of a certificate's subject (RFC 5280)
Step = tuple[str, Callable[[], Json | None]]


def create(
    groups: EnrollmentGroups,
    group_id: str,
    body: Json,
    certificates: Mapping[str, Json],
    etag: str | None = None,
) -> Json | list[Json]:
    """Make a group and set its certificates, by entry; without one that fails there is no group.

    Returns the group, or with --dry-run the writes.
    """
    steps = _certificate_steps(groups, group_id, certificates)
    made = groups.create(group_id, body, etag)
    if groups.dry_run:
        return [made, *_carried_out(steps)] if steps else made
    for what, step in steps:
        try:
            step()
        except DpsctlError as error:
            error.hint = f"{_undone(groups, group_id, what)} {error.hint or ''}".strip()
            raise
    return groups.show(group_id) if steps else made


def update(
    groups: EnrollmentGroups,
    group_id: str,
    changes: Callable[[], Json] | None,
    certificates: Mapping[str, Json],
    removed: str | None,
) -> Json | list[Json]:
    """Make *changes*, set certificates by entry, and take the one *removed* away.

    Returns the group as it is then, or with --dry-run the writes. What fails says what was done
    before it.
    """
    steps: list[Step] = [("the settings were changed", changes)] if changes else []
    steps += _certificate_steps(groups, group_id, certificates)
    if removed:
        steps.append(
            (
                f"the {removed} certificate was removed",
                lambda: groups.delete_certificate(group_id, removed),
            )
        )
    results = _carried_out(steps)
    if groups.dry_run and len(steps) > 1:
        return results
    is_answered = len(steps) == 1 and (groups.dry_run or changes)
    return results[0] if is_answered else groups.show(group_id)


def certify(
    groups: EnrollmentGroups, group_id: str, entry: str, own: OwnCertificate
) -> Json | list[Json]:
    """Prove to own the certificate of *entry*: ask for a code, prove it, have it verified.

    An empty entry is set first, and a verified certificate left alone. Returns the certificate, or
    with --dry-run the writes up to the code. Raises UsageError if the entry holds another one.
    """
    held = _held(groups, group_id, entry)
    found = ((held or {}).get("info") or {}).get("sha1Thumbprint")
    if held is not None and str(found).upper() != own.thumbprint:
        raise UsageError(
            f"--certificate-path: the group's {entry} certificate is another one, {found}",
            "'certificate set' replaces it; --certificate-entry names the other place.",
        )
    if held is not None and held.get("verified") is True:
        return held
    if groups.dry_run:
        planned = [] if held else [groups.set_certificate(group_id, entry, own.body)]
        return [*planned, groups.verification_code(group_id, entry)]
    if held is None:
        groups.set_certificate(group_id, entry, own.body)
    code: str | None = groups.verification_code(group_id, entry).get("verificationCode")
    if not (code and code.isascii() and code.isprintable() and len(code) <= _LONGEST_NAME):
        raise BadAnswer("The service's answer holds no verification code that a certificate takes")
    groups.verify(group_id, entry, own.prove(code))
    return groups.certificate(group_id, entry)


def _held(groups: EnrollmentGroups, group_id: str, entry: str) -> Json | None:
    try:
        return groups.certificate(group_id, entry)
    except NotFound:
        groups.show(group_id)  # the group must be there, or it is the group that is missing
        return None


def _certificate_steps(
    groups: EnrollmentGroups, group_id: str, certificates: Mapping[str, Json]
) -> list[Step]:
    def setting(entry: str, body: Json) -> Step:
        what = f"the {entry} certificate was set"
        return what, lambda: groups.set_certificate(group_id, entry, body)

    return [setting(entry, body) for entry, body in certificates.items()]


def _carried_out(steps: list[Step]) -> list[Json]:
    done: list[str] = []
    results = []
    for what, step in steps:
        try:
            results.append(step())
        except DpsctlError as error:
            if done:
                error.hint = f"Before that, {' and '.join(done)}. {error.hint or ''}".strip()
            raise
        done.append(what)
    return [result for result in results if result is not None]


def _undone(groups: EnrollmentGroups, group_id: str, failed: str) -> str:
    """Delete a group that was just made; say what is left."""
    try:
        groups.delete(group_id)
    except DpsctlError as error:
        return (
            f"Left behind: the enrollment group {group_id}, before {failed}; deleting it failed "
            f"too: {error.message}."
        )
    return "The group was deleted again: nothing is left behind."
