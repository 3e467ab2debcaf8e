"""Certificate requests (PKCS#10): read from files, and judged."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from dpsctl.certificates.reading import labels_in, unwrapped
from dpsctl.errors import UsageError

_LABELS = {b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST"}
_HINT = (
    "PEM and DER are read, alone or in base64: 'openssl req -new -key KEY -subj /CN=ID' makes one."
)


def read_request(data: bytes, source: str) -> x509.CertificateSigningRequest:
    """Read the one request in *data*, recognised by content. Raises UsageError naming *source*."""
    content = unwrapped(data)
    found = labels_in(content)
    requests = [label for label in found if label in _LABELS]
    if len(requests) > 1:
        raise UsageError(f"{source}: holds {len(requests)} requests", "Give one, the device's.")
    try:
        if requests:
            return x509.load_pem_x509_csr(content)
        return x509.load_der_x509_csr(content)
    except (ValueError, x509.InvalidVersion):
        what = f": it holds {b', '.join(sorted(set(found))).decode()}" if found else ""
        raise UsageError(f"{source}: no certificate request can be read{what}", _HINT) from None


def why_no_request(request: x509.CertificateSigningRequest, registration_id: str) -> str | None:
    """Say why *request* asks for no certificate of the device *registration_id*, or return None.

    Its common name has to be the registration id (docs/service.md#j1), whose case does not count.
    """
    try:
        is_signed = request.is_signature_valid
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, UnsupportedAlgorithm):
        return "it cannot be read"
    if not is_signed:
        return "its signature is not its own key's"
    if len(names) != 1:
        return f"it has {len(names)} common names (CN), not one"
    name = str(names[0].value)
    if name.lower() != registration_id.lower():
        return f"its common name (CN) is '{name}', not the registration id '{registration_id}'"
    return None
