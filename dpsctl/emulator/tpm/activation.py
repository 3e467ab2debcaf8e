"""Secrets that one TPM alone can read: an HMAC key that it activates, imports and signs with.

What TPM2_MakeCredential and TPM2_Duplicate would write, in the six parts of docs/service.md#j4. The
formats stand in part 1 of the TPM 2.0 library specification: "Credential Protection" and "Protected
Storage".
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from struct import pack

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256

from dpsctl.emulator.tpm.public_areas import SHA256_ID, PublicArea, name_of

_KEYED_HASH, _HMAC = 0x0008, 0x0005
_USER_WITH_AUTH, _NO_DA, _SIGN = 0x40, 0x400, 0x40000
_AES_BITS, _HMAC_BITS = 128, 256
_INNER_KEY_BYTES, _SEED_BYTES = 16, 32
_URI_BYTES = 108  # as recorded; what is in them, and by what cipher, is not known


def activation_blob(endorsement: PublicArea, storage_root: PublicArea, secret: bytes) -> bytes:
    """Write *secret* for the TPM that has both keys.

    The URI at the end, which no client reads, is noise.
    """
    inner_key = secrets.token_bytes(_INNER_KEY_BYTES)
    seed, outer_seed, obfuscation = (secrets.token_bytes(_SEED_BYTES) for _ in range(3))
    public = _public(obfuscation, secret)
    name = name_of(public)
    wrapped = _inner_wrap(inner_key, name, _sensitive(obfuscation, secret))
    parts = (
        credential(seed, storage_root.name, inner_key),
        _encrypted_seed(endorsement, "IDENTITY", seed),
        _protected(outer_seed, name, wrapped),
        _encrypted_seed(storage_root, "DUPLICATE", outer_seed),
        public,
        secrets.token_bytes(_URI_BYTES),
    )
    return b"".join(map(_sized, parts))


def credential(seed: bytes, name: bytes, value: bytes) -> bytes:
    """Return the contents of the TPM2B_ID_OBJECT that gives *value* to who has the key *name*."""
    return _protected(seed, name, _sized(value))


def kdfa(key: bytes, label: str, context: bytes, bits: int) -> bytes:
    """Derive a key of 256 *bits* at most: KDFa with SHA-256, whose first round is enough."""
    text = pack(">I", 1) + _label(label) + context + pack(">I", bits)
    return hmac.digest(key, text, "sha256")[: bits // 8]


def _protected(seed: bytes, name: bytes, plain: bytes) -> bytes:
    """Encrypt *plain* for the object *name*, its HMAC in front."""
    encrypted = _encrypted(kdfa(seed, "STORAGE", name, _AES_BITS), plain)
    key = kdfa(seed, "INTEGRITY", b"", _HMAC_BITS)
    return _sized(hmac.digest(key, encrypted + name, "sha256")) + encrypted


def _encrypted_seed(area: PublicArea, label: str, seed: bytes) -> bytes:
    return area.key.encrypt(seed, OAEP(MGF1(SHA256()), SHA256(), _label(label)))


def _public(obfuscation: bytes, secret: bytes) -> bytes:
    """Return the public area of an HMAC key with SHA-256, which no policy protects."""
    attributes = _USER_WITH_AUTH | _NO_DA | _SIGN
    head = pack(">HHI", _KEYED_HASH, SHA256_ID, attributes) + _sized(b"")
    unique = hashlib.sha256(obfuscation + secret).digest()
    return head + pack(">HH", _HMAC, SHA256_ID) + _sized(unique)


def _sensitive(obfuscation: bytes, secret: bytes) -> bytes:
    """Return the private part: kind, no authorization value, obfuscation, the secret itself."""
    return pack(">H", _KEYED_HASH) + _sized(b"") + _sized(obfuscation) + _sized(secret)


def _inner_wrap(key: bytes, name: bytes, sensitive: bytes) -> bytes:
    sized = _sized(sensitive)
    return _encrypted(key, _sized(hashlib.sha256(sized + name).digest()) + sized)


def _encrypted(key: bytes, plain: bytes) -> bytes:
    """Encrypt with AES in CFB from a vector of zeros, as a TPM does; each key is used once."""
    encryptor = Cipher(AES(key), CFB(bytes(AES.block_size // 8))).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def _label(text: str) -> bytes:
    return text.encode() + b"\0"


def _sized(data: bytes) -> bytes:
    return pack(">H", len(data)) + data
