"""Keep secrets out of what people see: by value, by field name, and by how they look."""

from __future__ import annotations

from typing import Any

MASK = "***"

# Shorter ones would blank out half of the text and protect nothing.
MIN_SECRET = 4

SECRET_FIELDS = frozenset(
    {
        "accesstoken",
        "apitoken",
        "authenticationkey",
        "authorization",
        "clientsecret",
        "connectionstring",
        "endorsementkey",
        "password",
        "primarykey",
        "privatekey",
        "secondarykey",
        "secret",
        "sharedaccesskey",
        "sig",
        "storagerootkey",
        "token",
    }
)

# A value ends where a connection string, a query, a quoted text or a sentence goes on; JSON may
# have written its + and / as escapes.
_VALUE = r"""(?:\\u00[0-9a-fA-F]{2}|\\/|[^\s&;,"'\\])+"""
_LOOKS = (
    (r"(?i)(\bSharedAccessKey(?:=|%3D))" + _VALUE, rf"\1{MASK}"),
    (r"(?i)(\bsig=)" + _VALUE, rf"\1{MASK}"),
    (r"(?i)([?&]code=)" + _VALUE, rf"\1{MASK}"),
    (r"(?i)(\bBearer\s+)[\w.~+/=-]{16,}", rf"\1{MASK}"),  # a token, not the next word
    (
        r"(?s)-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?(?:-----END \1PRIVATE KEY-----|\Z)",
        rf"-----BEGIN \1PRIVATE KEY-----{MASK}-----END \1PRIVATE KEY-----",
    ),
)
# A symmetric key: base64 with its padding (which a path may write as `\\=`), or a good part of it.
_LETTERS = "[A-Za-z0-9+/]"
_KEY = (
    rf"(?<!{_LETTERS})(?:{_LETTERS}{{20,}}(?:\\?=){{1,2}}(?![\w\\./{{\[=-])"
    rf"|(?=[a-z0-9+/]*[A-Z])(?=[A-Za-z+/]*[0-9]){_LETTERS}{{40,}}(?:\\?=)*)"
)


class Masker:
    """The secrets of one run: each is found by its first letters, so that many cost no more."""

    def __init__(self) -> None:
        self._spellings: dict[str, set[str]] = {}

    def add(self, secret: str) -> None:
        """Register *secret*; one of fewer than MIN_SECRET characters is masked by name only."""
        secret = secret.strip()
        if len(secret) < MIN_SECRET or secret in self._spellings.get(secret[:MIN_SECRET], ()):
            return
        for spelling in _spellings(secret):
            self._spellings.setdefault(spelling[:MIN_SECRET], set()).add(spelling)

    def mask(self, text: str) -> str:
        """Return *text* without any registered secret, however written, or what looks like one."""
        shown, done = [], 0
        for start, end in self._found(text):
            shown += [text[done:start], MASK]
            done = end
        return mask_looks("".join([*shown, text[done:]]))

    def _found(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets begin and end; two that overlap are one."""
        found: list[tuple[int, int]] = []
        for start in range(len(text)):
            known = self._spellings.get(text[start : start + MIN_SECRET])
            if not known:
                continue
            end = max((start + len(one) for one in known if text.startswith(one, start)), default=0)
            if found and start < found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            elif end:
                found.append((start, end))
        return found

    def mask_fields(self, value: Any) -> Any:
        """Return a copy of a JSON *value* without secrets: those known by value or field name."""
        if isinstance(value, dict):
            return {key: self._mask_field(key, content) for key, content in value.items()}
        if isinstance(value, list):
            return [self.mask_fields(item) for item in value]
        return self.mask(value) if isinstance(value, str) else value

    def _mask_field(self, name: str, value: Any) -> Any:
        if name.casefold() not in SECRET_FIELDS or value in (None, ""):
            return self.mask_fields(value)
        if name.casefold() == "authorization" and isinstance(value, str):
            scheme, space, rest = value.partition(" ")
            return f"{scheme}{space}{MASK}" if rest else MASK
        return MASK


def mask_looks(text: str) -> str:
    """Mask what shows by its form that it is secret: SAS keys and signatures, PEM private keys."""
    import re

    for pattern, replacement in _LOOKS:
        text = re.sub(pattern, replacement, text)
    return text


def mask_keys(text: str) -> str:
    """Mask what could be a symmetric key, known by its look alone; an etag looks the same."""
    import re

    return re.sub(_KEY, MASK, text)


def _spellings(secret: str) -> set[str]:
    """Return *secret* as URLs, JSON (also .NET's and PHP's) and HTTP Basic write it."""
    import json
    from binascii import b2a_base64
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogatepass")
    quoted = {quote(data, safe=""), quote(data), quote_plus(data)}
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    escaped = {text.replace("/", r"\/") for text in in_json} | {
        text.replace("+", plus) for text in in_json for plus in (r"\u002B", r"\u002b")
    }
    encoded = b2a_base64(data, newline=False).decode()
    lower = {_lower_escapes(text) for text in quoted}
    return {secret, encoded, *quoted, *lower, *in_json, *escaped}


def _lower_escapes(quoted: str) -> str:
    """Return *quoted* with `%2b` for `%2B`, as .NET and C write it (docs/service.md#b7)."""
    first, *rest = quoted.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
