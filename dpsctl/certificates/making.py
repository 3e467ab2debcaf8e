"""Make X.509 certificates as DPS and IoT Central want them: authorities, devices, verification."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dpsctl import keys
from dpsctl.certificates.describing import extension_of
from dpsctl.certificates.issuers import Issuer, PrivateKey, PublicKey, Validity
from dpsctl.errors import UsageError

_SIZES = {"ec": (256, 384), "rsa": (2048, 3072, 4096)}  # bits; the first is the default
_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1()}
_LONGEST_NAME = 64  # RFC 5280, ub-common-name
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def new_key(algorithm: str = "ec", size: int | None = None) -> PrivateKey:
    """Make a private key: `ec` of 256 or 384 bits, `rsa` of 2048, 3072 or 4096.

    Raises UsageError for another size.
    """
    sizes = _SIZES[algorithm]
    size = sizes[0] if size is None else size
    if size not in sizes:
        raise UsageError(
            f"--key-size {size}: no size of {algorithm.upper()} keys",
            f"It is one of {', '.join(map(str, sizes))}.",
        )
    if algorithm == "rsa":
        return rsa.generate_private_key(65537, size)
    return ec.generate_private_key(_CURVES[size])


def root_certificate(
    name: str, key: PrivateKey, validity: Validity, path_length: int | None = None
) -> x509.Certificate:
    """Make an authority that signs itself; *path_length* limits how many may stand below it."""
    builder = _authority(name, key, validity, path_length).issuer_name(_common_name(name))
    return builder.sign(key, _hash_for(key))


def intermediate_certificate(
    name: str, key: PrivateKey, issuer: Issuer, validity: Validity, path_length: int = 0
) -> x509.Certificate:
    """Make an authority under *issuer*. Raises UsageError if its path length is too long there."""
    issuer.check_path_length(path_length)
    return _signed(_authority(name, key, issuer.within(validity), path_length), issuer)


def device_certificate(
    registration_id: str, key: PublicKey, issuer: Issuer, validity: Validity
) -> x509.Certificate:
    """Make a TLS client's certificate, whose CN is the registration id."""
    return _signed(_client(registration_id, key, issuer.within(validity)), issuer)


def signed_code(code: str, issuer: Issuer, validity: Validity) -> x509.Certificate:
    """Make a certificate whose CN is the service's *code*, which proves that one has a key.

    The certificate's own key is thrown away: nobody needs it.
    """
    return _signed(_client(code, new_key().public_key(), issuer.within(validity)), issuer)


def certificate_request(registration_id: str, key: PrivateKey) -> x509.CertificateSigningRequest:
    """Ask an authority for the certificate of a device, whose CN is the registration id."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_common_name(registration_id))
    return builder.sign(key, _hash_for(key))


def name_problem(name: str) -> str | None:
    """Say why *name* cannot be the CN of a certificate, or return None."""
    if not name.strip():
        return "the name is empty"
    if name != name.strip() or not name.isprintable():
        return "a name has no space at its ends, and nothing that cannot be printed"
    length = len(name.encode("utf-8", "replace"))
    if length > _LONGEST_NAME:
        return f"{length} bytes are too long for a certificate's CN, which takes {_LONGEST_NAME}"
    return None


def registration_id_problem(registration_id: str) -> str | None:
    """Say why no certificate can be made for a device of this id, or return None."""
    try:
        keys.check_registration_id(registration_id)
    except keys.IdFormatError as error:
        return str(error)
    return name_problem(registration_id)


def _authority(
    name: str, key: PrivateKey, validity: Validity, path_length: int | None
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    usage = _key_usage("key_cert_sign", "crl_sign")
    return _begun(name, key.public_key(), validity, constraints, usage)


def _client(name: str, key: PublicKey, validity: Validity) -> x509.CertificateBuilder:
    """Begin an end entity's certificate; RSA keys also decipher, in the older suites of TLS 1.2."""
    deciphers = ["key_encipherment"] if isinstance(key, rsa.RSAPublicKey) else []
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    builder = _begun(name, key, validity, constraints, _key_usage("digital_signature", *deciphers))
    client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return builder.add_extension(client, critical=False)


def _begun(
    name: str,
    key: PublicKey,
    validity: Validity,
    constraints: x509.BasicConstraints,
    usage: x509.KeyUsage,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.starts)
        .not_valid_after(validity.ends)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
    )


def _signed(builder: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    return (
        builder.issuer_name(issuer.certificate.subject)
        .add_extension(_authority_identifier(issuer), critical=False)
        .sign(issuer.key, _hash_for(issuer.key))
    )


def _authority_identifier(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    """Name the issuer's key as its certificate does, which may have a way of its own."""
    identifier = extension_of(issuer.certificate, x509.SubjectKeyIdentifier)
    if identifier is None:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES})


def _hash_for(key: PrivateKey) -> SHA256 | SHA384:
    return (
        SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256 else SHA256()
    )
