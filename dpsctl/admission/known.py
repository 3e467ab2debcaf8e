"""What is known of a device, and of the service that it wants to register with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dpsctl.keys import sign

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Json = dict[str, Any]
# Those of the public cloud begin with 0ne, of Azure in China with 0cn.
ID_SCOPE = re.compile("0[a-z]{2}[0-9A-Fa-f]+")
NO_SCOPE = "that looks like no id scope, which is such as 0ne00000000"
KEY_SLOTS = {"primaryKey": "primary key", "secondaryKey": "secondary key"}


@dataclass(frozen=True)
class Device:
    """Who a device says it is, and what it shows: a *key*, or a *chain* from its leaf up."""

    registration_id: str
    id_scope: str | None = None
    key: str | None = field(default=None, repr=False)
    chain: Sequence[Certificate] = ()


@dataclass(frozen=True)
class Known:
    """The records of a service, as `list` and `show` print them; None is what nobody has looked at.

    *groups* stand in the service's order. *authorities* are the service's CA certificates as
    Resource Manager tells of them, *hubs* the host names that are linked. *certificates* are at
    hand, because the service shows none. The *obstacle* is why Resource Manager told nothing.
    """

    groups: Sequence[Json] | None = None
    enrollments: Sequence[Json] | None = None
    registrations: Sequence[Json] = ()
    id_scope: str | None = None
    hubs: Sequence[str] | None = None
    authorities: Sequence[Json] | None = None
    certificates: Sequence[Certificate] = ()
    obstacle: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether there is no record to hold the device against."""
        return self.groups is None and self.enrollments is None

    def individual(self, registration_id: str) -> Json | None:
        """Return the device's own enrollment; ids differ by more than case (docs/service.md#b8)."""
        return _named(self.enrollments or (), registration_id)

    def registration(self, registration_id: str) -> Json | None:
        """Return what the service keeps of the device."""
        return _named(self.registrations, registration_id)


def attestation_of(record: Json) -> str:
    """Name how the devices of a *record* prove who they are."""
    return str((record.get("attestation") or {}).get("type"))


def part_of(record: Json, name: str) -> Json:
    """Return what an attestation holds under *name*, nothing where it is another one."""
    part = (record.get("attestation") or {}).get(name)
    return part if isinstance(part, dict) else {}


def keys_of(record: Json) -> Iterator[tuple[str, str]]:
    """Yield what each symmetric key of *record* is called, and the key, if they are shown."""
    part = part_of(record, "symmetricKey")
    for slot, name in KEY_SLOTS.items():
        if isinstance(key := part.get(slot), str) and key:
            yield name, key


def hides_keys(record: Json) -> bool:
    """Tell whether *record* has symmetric keys that were not shown."""
    return attestation_of(record) == "symmetricKey" and not any(keys_of(record))


def is_same_key(one: str, other: str) -> bool:
    """Tell whether two keys sign alike, which is all that the service sees of them."""
    return sign(one, "") == sign(other, "")


def title_of(record: Json) -> str:
    """Call a record by its kind and id."""
    if (group := record.get("enrollmentGroupId")) is not None:
        return f"enrollment group {group}"
    return f"individual enrollment {record.get('registrationId')}"


def _named(records: Sequence[Json], registration_id: str) -> Json | None:
    wanted = registration_id.lower()
    fitting = (one for one in records if str(one.get("registrationId")).lower() == wanted)
    return next(fitting, None)
