"""Derive device keys and sign SAS tokens, with nothing but the standard library.

A public module: importing it costs a few milliseconds and it imports nothing else of dpsctl.

    >>> from dpsctl.keys import derive_device_key, derive_device_keys
    >>> derive_device_key("c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", "device-1")
    'Ok2MWdLkcH38WuBUgZVJxJ48/Bv8U50xij/I1nvsXgs='
    >>> keys = derive_device_keys("c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==", ["device-1", "device-2"])

Keys are base64 text everywhere, as the service shows them. No message of this module holds a key.
"""

from __future__ import annotations

# `typing`, `collections.abc`, `base64` and `hmac` each cost more start-up than the whole module.
from _collections_abc import Iterable, Iterator, Sequence
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

# Python 3.11's own SHA-256 copies its state faster than OpenSSL's and starts 5 ms sooner; in 3.12
# another one took its place, which is slower than OpenSSL's.
try:
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore] # no stub
except ImportError:
    from hashlib import sha256

__all__ = [
    "IdFormatError",
    "KeyFormatError",
    "check_id",
    "check_registration_id",
    "decode_key",
    "derive_device_key",
    "derive_device_keys",
    "ids_are_valid",
    "key_length_warning",
    "sas_token",
    "sign",
    "upper_case_warning",
]

_BLOCK_SIZE = 64
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_ID_BYTES = _LETTERS + _DIGITS + b"-._:"
_ID_CHARACTERS = _ID_BYTES.decode()
_NEVER_LAST = b"._:"
_MAX_ID_LENGTH = 128
_QUOTES = ('"', "'")
_KEY_SIZES = range(16, 65)


class KeyFormatError(ValueError):
    """Raised for a key that is not base64; the message says why and never holds the key."""


class IdFormatError(ValueError):
    """Raised for an id that the service cannot have."""


def decode_key(text: str) -> bytes:
    """Decode a base64 key, refusing what lenient decoders skip over.

    Raises KeyFormatError for the url-safe alphabet, wrong padding, white space and no key at all.
    """
    if not text:
        raise KeyFormatError("the key is empty")
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise KeyFormatError(_why_not_base64(text)) from None


def derive_device_key(group_key: str, registration_id: str) -> str:
    """Derive the key of the device *registration_id* from its enrollment group's key.

    The id is used as given, upper case included. Raises KeyFormatError.
    """
    return sign(group_key, registration_id)


def derive_device_keys(group_key: str, registration_ids: Iterable[str]) -> Iterator[str]:
    """Derive the keys of many devices, in order, as they are asked for.

    About three times as fast as a loop over `hmac.new`; memory does not grow with the number of
    ids. Raises KeyFormatError at once, not at the first key.
    """
    return _signatures(decode_key(group_key), registration_ids)


def sign(key: str, text: str) -> str:
    """Sign *text* (as UTF-8) with HMAC-SHA256; *key* and the signature are base64."""
    return next(_signatures(decode_key(key), (text,)))


def sas_token(resource: str, key: str, expires_at: int, policy: str | None = None) -> str:
    """Make a shared access signature for *resource*, valid until *expires_at* (Unix seconds).

    *resource* is plain text, `HOST` for the service or `SCOPE/registrations/ID` for a device; it
    is url-encoded once, and what is signed is the encoded form (docs/service.md#b7). *policy* is
    the policy's name, `registration` for a device.
    """
    from urllib.parse import quote

    encoded = quote(resource, safe="")
    signature = quote(sign(key, f"{encoded}\n{expires_at}"), safe="")
    token = f"SharedAccessSignature sr={encoded}&sig={signature}&se={expires_at}"
    return f"{token}&skn={quote(policy, safe='')}" if policy else token


def check_registration_id(text: str) -> None:
    """Raise IdFormatError unless the service could have a registration named *text*."""
    check_id(text, "registration id")


def check_id(text: str, what: str) -> None:
    """Raise IdFormatError unless *text* keeps the service's rule for ids (docs/service.md#b8).

    *what* names the id in the message: `registration id`, `enrollment group id`.
    """
    encoded = text.encode("utf-8", "replace")
    if not encoded:
        raise IdFormatError(f"the {what} is empty")
    if encoded.translate(None, _ID_BYTES):
        wrong = next(letter for letter in text if letter not in _ID_CHARACTERS)
        if "\udc80" <= wrong <= "\udcff":  # what Python makes of bytes that are no text
            raise IdFormatError(f"the {what} is no text in UTF-8 (or UTF-16)")
        raise IdFormatError(
            f"{wrong!r} cannot be in a {what}: letters A to Z, digits and - . _ : can"
        )
    if len(encoded) > _MAX_ID_LENGTH:
        raise IdFormatError(
            f"the {what} has {len(encoded)} characters, {_MAX_ID_LENGTH} are allowed"
        )
    if encoded[-1:] in _NEVER_LAST:
        raise IdFormatError(f"a {what} ends with a letter, a digit or '-', not {text[-1]!r}")


def ids_are_valid(ids: Sequence[str]) -> bool:
    """Tell whether `check_id` takes all *ids*; much faster than asking one by one."""
    lines = "\n".join(["", *ids, ""]).encode("utf-8", "replace")
    bad_ends = [bytes([byte]) + b"\n" for byte in _NEVER_LAST + b"\n"]  # the last: an empty id
    return (
        not lines.translate(None, _ID_BYTES + b"\n")
        and lines.count(b"\n") == len(ids) + 1  # a line break inside an id would be one more
        and max(map(len, ids), default=0) <= _MAX_ID_LENGTH
        and not any(end in lines for end in bad_ends)
    )


def key_length_warning(key: str) -> str | None:
    """Say that the service would not take a key of this length, or return None if it would."""
    size = len(decode_key(key))
    if size in _KEY_SIZES:
        return None
    return f"the key has {size} bytes; the service's keys have {_KEY_SIZES[0]} to {_KEY_SIZES[-1]}"


def upper_case_warning(registration_id: str) -> str | None:
    """Say that upper case makes another key for the same device, or return None if there is none.

    The service ignores the case of ids; HMAC does not (docs/service.md#d).
    """
    if registration_id == registration_id.lower():
        return None
    return (
        f"registration id '{registration_id}' has upper-case letters: the service ignores case, "
        "a derived key does not, so the device has to use exactly this spelling"
    )


def _signatures(key: bytes, texts: Iterable[str]) -> Iterator[str]:
    """Sign each text: HMAC (RFC 2104), with the two states that depend on the key made once."""
    block = (key if len(key) <= _BLOCK_SIZE else sha256(key).digest()).ljust(_BLOCK_SIZE, b"\0")
    start_inner = sha256(block.translate(_INNER_PAD)).copy
    start_outer = sha256(block.translate(_OUTER_PAD)).copy
    for text in texts:
        inner = start_inner()
        inner.update(text.encode())
        outer = start_outer()
        outer.update(inner.digest())
        yield b2a_base64(outer.digest(), newline=False).decode()


def is_quoted(text: str) -> bool:
    """Tell a text that begins or ends with a quote, which a shell or a file left on it."""
    return text[:1] in _QUOTES or text[-1:] in _QUOTES


def _why_not_base64(text: str) -> str:
    if is_quoted(text.strip()):
        return "there are quotes around the key, and they are no part of it"
    if any(letter.isspace() for letter in text):
        return "the key has white space or a line break in it"
    strange = text.encode("utf-8", "replace").translate(None, _LETTERS + _DIGITS + b"+/=")
    if not strange:
        return "the key's padding is wrong: '=' fills base64 up to a multiple of four, at its end"
    if not strange.strip(b"-_"):
        return "the key is in the url-safe alphabet ('-' and '_'); the service's has '+' and '/'"
    return "the key is not base64: letters A to Z, digits, '+', '/' and '=' at its end"
