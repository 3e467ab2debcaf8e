"""Public keys as a TPM writes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from struct import error, unpack_from
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from dpsctl.keys import KeyFormatError, decode_key

_HEAD = ">HHHIH"  # size of the rest, kind, algorithm of the name, attributes, size of the policy
_PARAMETERS = ">HHHHHI"  # symmetric algorithm, its bits and mode, scheme, key's bits, exponent
_RSA, SHA256_ID = 0x0001, 0x000B
_AES_128_CFB_WITHOUT_SCHEME = (0x0006, 128, 0x0043, 0x0010)
_RSA_2048 = (2048, 0)  # the exponent 0 stands for this one
_EXPONENT = 65537
_HEAD_BYTES, _PARAMETERS_BYTES, _SIZE_BYTES, _MODULUS_BYTES = 12, 14, 2, 256


@dataclass(frozen=True)
class PublicArea:
    """A key of a TPM, and the name by which the TPM knows it."""

    key: RSAPublicKey
    name: bytes


def read_public_area(text: Any) -> PublicArea | None:
    """Read base64 of a TPM2B_PUBLIC (docs/service.md#j4).

    None if *text* is no such structure, or not one that a device's keys have.
    """
    data = _decoded(text)
    modulus = _modulus_of(data)
    if modulus is None:
        return None
    key = RSAPublicNumbers(_EXPONENT, modulus).public_key()
    return PublicArea(key, name_of(data[_SIZE_BYTES:]))


def name_of(public: bytes) -> bytes:
    """Return the name of an object by its *public* area, without the size in front."""
    return SHA256_ID.to_bytes(2, "big") + hashlib.sha256(public).digest()


def _decoded(text: Any) -> bytes:
    """Return the bytes behind base64, none if it is no base64."""
    try:
        return decode_key(text) if isinstance(text, str) else b""
    except KeyFormatError:
        return b""


def _modulus_of(key: bytes) -> int | None:
    try:
        size, kind, name_algorithm, _, policy_size = unpack_from(_HEAD, key)
        parameters = unpack_from(_PARAMETERS, key, _HEAD_BYTES + policy_size)
    except error:
        return None
    unique = key[_HEAD_BYTES + policy_size + _PARAMETERS_BYTES :]
    is_whole = size == len(key) - _SIZE_BYTES and len(unique) == _SIZE_BYTES + _MODULUS_BYTES
    is_rsa = (kind, name_algorithm) == (_RSA, SHA256_ID)
    if not (is_whole and is_rsa and parameters == _AES_128_CFB_WITHOUT_SCHEME + _RSA_2048):
        return None
    if int.from_bytes(unique[:_SIZE_BYTES], "big") != _MODULUS_BYTES:
        return None
    modulus = int.from_bytes(unique[_SIZE_BYTES:], "big")
    has_all_bits = modulus.bit_length() == _RSA_2048[0] and modulus % 2
    return modulus if has_all_bits else None
