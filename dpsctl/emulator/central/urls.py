"""The URLs of IoT Central, for `routes.py`: methods, paths under `/api`, and who answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dpsctl.emulator.answers import Answer
from dpsctl.emulator.central import certificates, device_groups, devices, records
from dpsctl.emulator.central.enrollment_groups import ENROLLMENT_GROUP
from dpsctl.emulator.central.records import Kind

Url = tuple[str, str, Callable[..., Answer]]
_ENTRY = "/enrollmentGroups/<id>/certificates/<entry>"


def _urls_of(kind: Kind, collection: str) -> tuple[Url, ...]:
    one = f"/{collection}/<id>"
    return (
        ("GET", f"/{collection}", partial(records.list_all, kind)),
        ("GET", one, partial(records.show, kind)),
        ("PUT", one, partial(records.write, kind)),
        ("PATCH", one, partial(records.change, kind)),
        ("DELETE", one, partial(records.remove, kind)),
    )


URLS: tuple[Url, ...] = (
    *_urls_of(devices.DEVICE, "devices"),
    ("GET", "/devices/<id>/credentials", devices.credentials),
    *_urls_of(device_groups.DEVICE_GROUP, "deviceGroups"),
    ("GET", "/deviceGroups/<id>/devices", device_groups.devices),
    *_urls_of(ENROLLMENT_GROUP, "enrollmentGroups"),
    ("GET", _ENTRY, certificates.show),
    ("PUT", _ENTRY, certificates.write),
    ("DELETE", _ENTRY, certificates.remove),
    ("POST", f"{_ENTRY}/generateVerificationCode", certificates.generate_code),
    ("POST", f"{_ENTRY}/verify", certificates.verify),
)
