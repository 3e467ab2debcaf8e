"""`enrollment-group rotate`: a certificate or a key rolled over while devices go on registering."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dpsctl.commands.enrollment_group.groups import GROUP_COLUMNS
from dpsctl.commands.many import Task, refuse_etag, write_many
from dpsctl.commands.records import update_record
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.connection import Display
from dpsctl.options.records import Etag
from dpsctl.options.rotation import StepOption, Successor
from dpsctl.options.selection import GroupIds, Selection
from dpsctl.options.words import RotationStep
from dpsctl.run import Outcome, Run
from dpsctl.service.dps import DpsService

if TYPE_CHECKING:
    from dpsctl.payloads.rotation import NewCertificate, NewKey

Json = dict[str, Any]
_STEPS = tuple(RotationStep)
_STATE_COLUMNS = {
    "Group": "enrollmentGroupId",
    "Attestation": "attestationType",
    "Done": "done",
    "Next": "next",
}
_OTHER_KEYS = (
    "A group that is updated has its new key, and gets another one if it is staged again: name the"
    " others alone, by --ids-from."
)
_KEY_SIZE = 64  # as the service makes them (docs/service.md#b3)


@verb(
    writes=True,
    holds_keys=True,
    columns=GROUP_COLUMNS,
    examples=[
        "dpsctl enrollment-group rotate --gid line-5 --cp new.pem --step finish",
        "dpsctl enrollment-group rotate --gid line-4 --step stage --show-keys",
        "dpsctl enrollment-group rotate --gid line-4 --key @group.key  # which step is next?",
        (
            "dpsctl enrollment-group rotate --cp new.pem --step stage"
            " --where \"attestation.type=='x509'\" --yes"
        ),
    ],
)
def rotate(  # noqa: PLR0913 - each is one thing a user may say
    *,
    service: DpsService,
    run: Run,
    display: Display,
    new: Successor,
    selection: Selection,
    group_ids: GroupIds = None,
    step: StepOption = None,
    etag: Etag = None,
) -> Json | Outcome | None:
    """Roll certificates or keys of groups over, a step at a time.

    stage: the new one becomes the secondary; devices may use either from now on. promote: it
    becomes the primary, and the old one the secondary. finish: the old one goes.

    What the group holds tells which steps were taken: one that was taken writes nothing, and one
    whose turn it is not is refused. So every step can be run again, with the same new certificate
    or key. Without --step the next one is named and nothing is written.

    Certificates: --certificate-path is the new one at every step, and 'promote' needs the old
    one's file too, for the service never returns it. Without that file go from 'stage' straight to
    'finish', once no device needs the old certificate.

    Keys: 'stage' makes a key unless --key gives one, and replaces the secondary key; --show-keys
    shows it. Without --key, running it again makes another. The other steps need it as --key.
    'finish' puts a key that nobody holds into the secondary slot.

    Many groups take the same new certificate. Of keys they can only be staged, each a key of its
    own, which 'list --show-keys' shows; each group's own --key is what the other steps need.
    """
    from dpsctl.selection.choosing import one_id

    group_id = one_id(group_ids, selection)
    if group_id is not None:
        return _rotate_one(service, run, group_id, new, step, etag)
    from dpsctl.selection.choosing import GROUPS
    from dpsctl.selection.writing import updating

    refuse_etag(etag)
    change = _change_of_many(new, step, run)
    again = None if new.certificate_path else _OTHER_KEYS
    task = Task("rotate", GROUPS, service, service.groups.list, display, again)
    return write_many(task, group_ids, selection, updating(service.groups, change), run)


def _rotate_one(
    service: DpsService,
    run: Run,
    group_id: str,
    new: Successor,
    step: RotationStep | None,
    etag: str | None,
) -> Json | Outcome | None:
    from dpsctl.payloads.rotation import steps_done

    successor = _successor(new, step, run)
    held = service.groups.show(group_id, keys=True)
    done = steps_done(held.get("attestation") or {}, successor)
    if step is None:
        return _state(held, done)
    if done > _STEPS.index(step):
        run.warn(f"{group_id}: {step} was done before, nothing is written; {_next(done)}")
        return held
    result = update_record(service.groups, group_id, _change(step, successor), run, etag)
    if not service.groups.dry_run:
        run.say(f"{group_id}: {step} is done; {_next(_STEPS.index(step) + 1)}")
    return result


def _change_of_many(new: Successor, step: RotationStep | None, run: Run) -> Callable[[Json], Json]:
    """Return what the step makes of each record: of keys, a new one for each. Raises UsageError."""
    from dpsctl.payloads.rotation import NewKey

    if step is None:
        raise UsageError(
            "--step is missing", "Without it the next step of one group is named, by its --gid."
        )
    if new.key is not None:
        raise UsageError("--key is that of one group", "Name one group by its id.")
    successor = _successor(new, step, run)

    def change(record: Json) -> Json:
        of_it = _new_key(run) if isinstance(successor, NewKey) else successor
        return _change(step, of_it)(record)

    return change


def _new_key(run: Run, key: str | None = None) -> NewKey:
    from dpsctl.payloads.rotation import NewKey

    fresh = _random_key()
    run.masker.add(fresh)
    return NewKey(key=key, fresh=fresh)


def _change(step: RotationStep, successor: NewCertificate | NewKey) -> Callable[[Json], Json]:
    """Return what the step makes of a record: it is asked again where the record has changed."""
    from dpsctl.payloads.rotation import rotated

    def change(record: Json) -> Json:
        return {**record, "attestation": rotated(record.get("attestation") or {}, step, successor)}

    return change


def _successor(new: Successor, step: RotationStep | None, run: Run) -> NewCertificate | NewKey:
    """Read the new certificate or key; refuse what is wrong without asking the service."""
    if new.certificate_path is not None and new.key is not None:
        raise UsageError(
            "--certificate-path and --key exclude each other",
            "A group's devices prove who they are by certificates or by keys.",
        )
    if new.certificate_path is not None:
        return _new_certificate(new.certificate_path, new.old_certificate_path, run)
    if new.old_certificate_path is not None:
        raise UsageError(
            "--old-certificate-path needs --certificate-path", "It is the new certificate."
        )
    if new.key is None and step in {RotationStep.promote, RotationStep.finish}:
        raise UsageError(
            f"--step {step} needs --certificate-path or --key",
            "Give what 'stage' put into the secondary slot: it tells how far the rotation is.",
        )
    return _new_key(run, new.key)


def _new_certificate(path: str, old_path: str | None, run: Run) -> NewCertificate:
    from dpsctl.certificates.files import clean_certificate
    from dpsctl.payloads.rotation import NewCertificate
    from dpsctl.text.values import read_file

    data = read_file(path, "--certificate-path", run.stdin)
    source = f"--certificate-path {path}"
    pem, thumbprint = clean_certificate(data, source, run), _thumbprint(data, source)
    if old_path is None:
        return NewCertificate(pem=pem, thumbprint=thumbprint)
    old, thumbprint_of_old = _read_old(old_path, run)
    return NewCertificate(
        pem=pem, thumbprint=thumbprint, old_pem=old, old_thumbprint=thumbprint_of_old
    )


def _read_old(path: str, run: Run) -> tuple[str, str]:
    """Read the old certificate without a warning: that its end is near is why it is replaced."""
    from dpsctl.certificates.reading import read_certificates
    from dpsctl.text.values import read_file

    flag = "--old-certificate-path"
    data, source = read_file(path, flag, run.stdin), f"{flag} {path}"
    return read_certificates(data, source).pem, _thumbprint(data, source)


def _thumbprint(data: bytes, source: str) -> str:
    from dpsctl.certificates.describing import certificate_info
    from dpsctl.certificates.reading import read_certificates

    info = certificate_info(read_certificates(data, source).certificates[0])
    return str(info["sha256Thumbprint"])


def _random_key() -> str:
    import os
    from binascii import b2a_base64

    return b2a_base64(os.urandom(_KEY_SIZE), newline=False).decode()


def _state(held: Json, done: int) -> Outcome:
    """Say how far the rotation is: the steps done, and the next one, null at the end."""
    state = {
        "enrollmentGroupId": held.get("enrollmentGroupId"),
        "attestationType": (held.get("attestation") or {}).get("type"),
        "done": [str(step) for step in _STEPS[:done]],
        "next": str(_STEPS[done]) if done < len(_STEPS) else None,
    }
    return Outcome(state, 0, _STATE_COLUMNS)


def _next(done: int) -> str:
    return f"next is --step {_STEPS[done]}" if done < len(_STEPS) else "the rotation is complete"
