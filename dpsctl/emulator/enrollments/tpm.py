"""Public keys as a TPM writes them."""

from __future__ import annotations

from struct import error, unpack_from

_HEAD = ">HHHIH"  # size of the rest, kind, algorithm of the name, attributes, size of the policy
_PARAMETERS = ">HHHHHI"  # symmetric algorithm, its bits and mode, scheme, key's bits, exponent
_RSA, _SHA256 = 0x0001, 0x000B
_AES_128_CFB_WITHOUT_SCHEME = (0x0006, 128, 0x0043, 0x0010)
_RSA_2048 = (2048, 0)  # the exponent 0 stands for 65537
_HEAD_BYTES, _PARAMETERS_BYTES, _SIZE_BYTES, _MODULUS_BYTES = 12, 14, 2, 256


def modulus_of(key: bytes) -> int | None:
    """Return the modulus of the RSA key in a TPM2B_PUBLIC (docs/service.md#j4).

    None if *key* is no such structure, or not one that a device's keys have.
    """
    try:
        size, kind, name_algorithm, _, policy_size = unpack_from(_HEAD, key)
        parameters = unpack_from(_PARAMETERS, key, _HEAD_BYTES + policy_size)
    except error:
        return None
    unique = key[_HEAD_BYTES + policy_size + _PARAMETERS_BYTES :]
    is_whole = size == len(key) - _SIZE_BYTES and len(unique) == _SIZE_BYTES + _MODULUS_BYTES
    is_rsa = (kind, name_algorithm) == (_RSA, _SHA256)
    if not (is_whole and is_rsa and parameters == _AES_128_CFB_WITHOUT_SCHEME + _RSA_2048):
        return None
    if int.from_bytes(unique[:_SIZE_BYTES], "big") != _MODULUS_BYTES:
        return None
    return int.from_bytes(unique[_SIZE_BYTES:], "big")
