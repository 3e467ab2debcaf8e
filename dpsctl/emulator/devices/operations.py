"""Operation ids: they look like the service's, and prove themselves, so that none is kept."""

from __future__ import annotations

import hashlib
import secrets
from binascii import a2b_base64
from uuid import UUID

from dpsctl.keys import sign

_VERSION = 5
_RANDOM_BYTES = 10


def new_operation_id(registration_id: str, key: str) -> str:
    """Make an id such as `5.316aac5bdc130deb.b1e02da8-...`: a version, the device, the operation.

    *key* (base64) is the emulator's own: with it the id is known again, after a restart too.
    """
    return _operation_id(registration_id, key, secrets.token_bytes(_RANDOM_BYTES))


def is_operation_of(operation_id: str, registration_id: str, key: str) -> bool:
    """Say whether `new_operation_id` made the id for this device, in any case, with this *key*."""
    try:
        random = UUID(operation_id.rpartition(".")[2]).bytes[:_RANDOM_BYTES]
    except ValueError:
        return False
    return _operation_id(registration_id, key, random) == operation_id


def _operation_id(registration_id: str, key: str, random: bytes) -> str:
    device = hashlib.sha256(registration_id.lower().encode()).hexdigest()[:16]
    # The bits that say "version 4, made at random" come first, so that what is read back is signed.
    random = UUID(bytes=random + bytes(6), version=4).bytes[:_RANDOM_BYTES]
    proof = a2b_base64(sign(key, f"{device}.{random.hex()}"))
    return f"{_VERSION}.{device}.{UUID(bytes=random + proof[:6])}"
