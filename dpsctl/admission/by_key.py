"""Which enrollment a symmetric key opens, and why one opens none."""

from __future__ import annotations

from collections.abc import Iterator

from dpsctl.admission.findings import Finding, Sight, Taker, Verdict
from dpsctl.admission.known import (
    Device,
    Json,
    Known,
    attestation_of,
    hides_keys,
    is_same_key,
    keys_of,
    title_of,
)
from dpsctl.keys import derive_device_key

_KEYS_SHOWN = "Read the records with their keys: 'list --show-keys -o jsonl'."


def sight_by_key(device: Device, known: Known, key: str) -> Sight:
    """Find the enrollment that *key* opens: the device's own stands before all groups.

    Of a group it is the key derived for the id as the device spells it (docs/service.md#b9).
    """
    individual = known.individual(device.registration_id)
    if individual is not None:
        return _own(device, known, individual, key)
    for group in known.groups or ():
        for name, group_key in keys_of(group):
            if _fits(group_key, device.registration_id, key):
                return Sight(Taker(group, f"by a key derived from its {name}"))
    return Sight(None, tuple(_by_no_group(device, known, key)))


def _own(device: Device, known: Known, individual: Json, key: str) -> Sight:
    for name, own in keys_of(individual):
        if is_same_key(own, key):
            return Sight(Taker(individual, f"by its {name}"))
    title = title_of(individual)
    if hides_keys(individual):
        message = f"the keys of its {title} are not shown"
        return Sight(None, (_hidden(message),))
    if attestation_of(individual) != "symmetricKey":
        wanted = attestation_of(individual)
        message = f"its {title} does not take a symmetric key: its attestation is {wanted}"
        return Sight(None, (_refused("otherAttestation", message, _CHANGE),))
    closer = next(_closer(device, known, key, individual), None)
    message = f"the key is neither the primary nor the secondary one of its {title}"
    return Sight(None, (closer or _refused("otherKey", message, _SHOW_OWN),))


def _by_no_group(device: Device, known: Known, key: str) -> Iterator[Finding]:
    groups = known.groups or ()
    if closer := next(_closer(device, known, key, None), None):
        yield closer
        return
    hidden = [group for group in groups if hides_keys(group)]
    if known.is_blank:
        yield _hidden("there are no records to hold its key against")
    elif known.groups is None or known.enrollments is None:
        kind = "enrollment groups" if known.groups is None else "individual enrollments"
        yield _hidden(f"its key fits no record that was given, and no {kind} were")
    elif hidden:
        count = f"{len(hidden)} of {len(groups)} enrollment groups"
        yield _hidden(f"the keys of {count} are not shown, and none of the others fits")
    else:
        message = "there is no individual enrollment of it, and no enrollment group has a key that"
        yield _refused("noGroup", f"{message} its key is derived from", _DERIVE)


def _closer(device: Device, known: Known, key: str, own: Json | None) -> Iterator[Finding]:
    """Recognise the key as another one than the device needs: the mistakes that are made."""
    device_id = device.registration_id
    spellings = _spellings(device_id, known) - {device_id}
    for group in known.groups or ():
        for name, group_key in keys_of(group):
            whose = f"{title_of(group)}'s {name}"
            if is_same_key(group_key, key):
                message = f"the key is {whose} itself, and not the one derived from it"
                yield _refused("groupKeyItself", message, _derive_line(group, device_id))
            derived = derive_device_key(group_key, device_id)
            if own is not None and is_same_key(derived, key):
                message = f"the key is derived from {whose}, but it has an individual enrollment"
                yield _refused("individualFirst", f"{message}, which alone counts", _SHOW_OWN)
            if _fits(derived, device_id, key):
                message = f"the key is derived twice: of what was derived from {whose} already"
                yield _refused("derivedTwice", message, "Give the first one as the key itself.")
            for spelling in sorted(spellings):
                if _fits(group_key, spelling, key):
                    message = f"the key is derived from {whose} for '{spelling}', and case counts"
                    yield _refused("otherSpelling", message, f"Let it register as '{spelling}'.")
    yield from _of_others(device, known, key)


def _of_others(device: Device, known: Known, key: str) -> Iterator[Finding]:
    for other in known.enrollments or ():
        if str(other.get("registrationId")).lower() == device.registration_id.lower():
            is_derived = any(_fits(own, device.registration_id, key) for _, own in keys_of(other))
            if is_derived:
                message = f"the key is derived from that of its {title_of(other)}"
                hint = "The device uses that key itself: only a group's is derived from."
                yield _refused("derivedFromOwn", message, hint)
            continue
        for name, other_key in keys_of(other):
            if is_same_key(other_key, key):
                message = f"the key is the {name} of another device, {title_of(other)}"
                yield _refused("keyOfAnother", message, "Give each device its own.")


def _spellings(device_id: str, known: Known) -> set[str]:
    kept = [known.individual(device_id), known.registration(device_id)]
    named = {str(one.get("registrationId")) for one in kept if one}
    return named | {device_id.lower(), device_id.upper(), device_id.capitalize()}


def _fits(group_key: str, device_id: str, key: str) -> bool:
    return is_same_key(derive_device_key(group_key, device_id), key)


def _derive_line(group: Json, device_id: str) -> str:
    line = f"dpsctl enrollment-group compute-device-key --gid {group.get('enrollmentGroupId')}"
    return f"'{line} --rid {device_id}' derives it."


_CHANGE = "Show what it wants, or change the enrollment's attestation."
_SHOW_OWN = "'dpsctl enrollment show --show-keys' has the keys that count."
_DERIVE = "'dpsctl enrollment-group compute-device-key' derives one from a group's key."


def _refused(name: str, message: str, hint: str) -> Finding:
    return Finding(name, message, hint, Verdict.refused)


def _hidden(message: str) -> Finding:
    return Finding("keysHidden", message, _KEYS_SHOWN, Verdict.undecided, is_unknown=True)
