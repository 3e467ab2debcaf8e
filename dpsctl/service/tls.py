"""TLS: whom to trust, what a handshake told, and why one came to nothing."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dpsctl.errors import UsageError

_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
# What OpenSSL calls it, in the order asked: the sentence, and what to do.
_REASONS = {
    "WRONG_VERSION_NUMBER|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE|PACKET_LENGTH": (
        "what answers there does not speak TLS",
        "Is it the right port, and does a server of plain HTTP or a proxy answer there?",
    ),
    "UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE": (
        "there is no version of TLS that both sides speak, 1.2 or later",
        "The service's side is too old, or a firewall in between is.",
    ),
    "NO_SHARED_CIPHER|HANDSHAKE_FAILURE|DH_KEY_TOO_SMALL|INSUFFICIENT_SECURITY": (
        "the server refuses the handshake: no cipher in common, or a certificate that it wants",
        "Its side may be too old; does it let in only who shows a client certificate?",
    ),
    "CERTIFICATE|UNKNOWN_CA": (
        "the server did not take this side's certificate",
        "Does it want a client certificate, and does it trust the issuer of this one?",
    ),
}
_UNTRUSTED = (
    "Name the CA that signed it: --ca-bundle FILE or REQUESTS_CA_BUNDLE. A firewall that looks "
    "into TLS signs with its own."
)


def trusted_in(verify: str | bool) -> str:
    """Return the file or folder of the certificates to trust; *verify* is one, or True."""
    if isinstance(verify, str):
        return verify
    import certifi

    return certifi.where()


def context_for(verify: str | bool, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
    """Return what TLS needs to know: whom to trust, and the caller's own *certificate* and key.

    Raises UsageError for a file that holds nothing to trust.
    """
    from urllib3.util.ssl_ import create_urllib3_context

    trust = trusted_in(verify)
    context: ssl.SSLContext = create_urllib3_context()
    try:
        if Path(trust).is_dir():
            context.load_verify_locations(capath=trust)
        else:
            context.load_verify_locations(cafile=trust)
    except (OSError, ValueError):
        raise UsageError(
            f"--ca-bundle or REQUESTS_CA_BUNDLE: {trust} holds no certificates to trust",
            "Give a file of PEM certificates.",
        ) from None
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def described(connection: Any, trust: str) -> str:
    """Say what a handshake has shown: version, subject, issuer, end, and who vouched for it."""
    certificate: Any = connection.getpeercert() or {}
    names = {
        key: value for key in ("subject", "issuer") for value in _common_names(certificate, key)
    }
    return (
        f"{connection.version()}, {names.get('subject', 'no name')}, signed by "
        f"{names.get('issuer', 'nobody')}, until {certificate.get('notAfter')}; trusted by {trust}"
    )


def is_cut_off(error: BaseException) -> bool:
    """Tell a connection that was lost under TLS from what TLS itself has against it."""
    return isinstance(error, _CUT_OFF) or "UNEXPECTED_EOF" in str(error)


def handshake_problem(error: BaseException, trust: str) -> tuple[str, str]:
    """Say why a handshake failed, and what to do about it."""
    if isinstance(error, ssl.CertificateError) or not isinstance(error, ssl.SSLError):
        said = _one_line(getattr(error, "verify_message", "") or error)
        problem = f"the server's certificate is not trusted: {said}; trusted are those in {trust}"
        return problem, _UNTRUSTED
    said = _one_line(error.reason or error)
    for pattern, (problem, hint) in _REASONS.items():
        if re.search(pattern, f"{said} {error}".upper().replace(" ", "_")):
            return f"{problem} ({said})", hint
    return f"TLS failed ({said})", "Does a firewall or a proxy look into the connection?"


def _one_line(text: object) -> str:
    return re.sub(r"\s+", " ", str(text))


def _common_names(certificate: Any, key: str) -> Iterator[str]:
    for part in certificate.get(key, ()):
        for name, value in part:
            if name in ("commonName", "organizationName"):
                yield value
