"""A certificate that a device asks for as it registers: the request, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dpsctl.errors import BadAnswer, DpsctlError, UsageError
from dpsctl.options.device import Issuance
from dpsctl.payloads.certificate_policy import POLICY_VERSION
from dpsctl.run import Run
from dpsctl.service.device import API_VERSION

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateSigningRequest

    from dpsctl.certificates.writing import Places

Json = dict[str, Any]
_FLAG = "--issue-certificate"
_LONGEST_NAME = 255  # of a file
_NO_POLICY = (
    "The enrollment or group that lets the device in has to name a certificate policy: 'update "
    "--adr-namespace NAMESPACE --adr-ca-name CA --adr-cert-policy-name POLICY', for which dpsctl "
    f"asks in api-version {POLICY_VERSION}."
)


@dataclass(frozen=True)
class Order:
    """What is asked for beside the registration: nothing, a certificate, or also files of it.

    *finish* writes the files to their *places*.
    """

    request: CertificateSigningRequest | None = None
    places: Places | None = None
    finish: Callable[[tuple[Certificate, ...]], None] | None = field(default=None, repr=False)

    @property
    def fields(self) -> Json:
        """Return what the device says of it: the request in base64 of its DER."""
        if self.request is None:
            return {}
        from base64 import b64encode

        from cryptography.hazmat.primitives.serialization import Encoding

        return {"csr": b64encode(self.request.public_bytes(Encoding.DER)).decode()}

    @property
    def version(self) -> str:
        """Return the api-version to ask in."""
        return API_VERSION if self.request is None else POLICY_VERSION

    def filled(self, registration: Json) -> Json:
        """Return *registration*, with the files that the issued certificate was written to.

        Raises DpsctlError if none was issued, or not one for the request.
        """
        if self.request is None:
            return registration
        from dpsctl.certificates.issued import read_issued

        done = f"The device is assigned to {registration.get('assignedHub')}, but"
        elements = registration.get("issuedCertificateChain")
        if not elements:
            raise DpsctlError(f"{done} no certificate was issued", _NO_POLICY)
        try:
            chain = read_issued(elements, self.request)
        except BadAnswer as error:
            raise BadAnswer(f"{done} {error.message}", error.hint) from None
        if self.places is None or self.finish is None:
            return registration
        try:
            self.finish(chain)
        except DpsctlError as error:
            raise DpsctlError(
                f"{done} its certificate was not written: {error.message}",
                "The new key is gone, too. Registering again makes another one.",
            ) from None
        return {**registration, **self.places.paths()}


@contextmanager
def order_of(
    options: Issuance, registration_id: str, run: Run, *, dry_run: bool
) -> Iterator[Order]:
    """Make what *options* ask for; a new key is on the disk before its request can be sent.

    Raises UsageError.
    """
    _check(options)
    if options.issue_certificate is None:
        yield order_with(options.csr, registration_id, run)
        return
    from dpsctl.certificates.making import certificate_request, new_key, registration_id_problem
    from dpsctl.certificates.writing import key_ahead

    if problem := registration_id_problem(registration_id):
        raise UsageError(f"--registration-id: {problem}")
    places = _places(options.issue_certificate)
    key = new_key("rsa" if options.rsa else "ec")
    request = certificate_request(registration_id, key)
    if dry_run:
        yield Order(request)
        return
    with key_ahead(key, places, replace=options.force) as finish:
        yield Order(request, places, finish)


def order_with(csr: str | None, registration_id: str, run: Run) -> Order:
    """Return the order of the request that `--csr` names or is. Raises UsageError."""
    if csr is None:
        return Order()
    from dpsctl.certificates.requests import read_request, why_no_request
    from dpsctl.text.values import read_file

    source, data = "--csr", csr.encode("utf-8", "surrogateescape")
    if not _is_request(csr):
        source, data = f"--csr {csr}", read_file(csr, "--csr", run.stdin)
    request = read_request(data, source)
    if problem := why_no_request(request, registration_id):
        raise UsageError(
            f"{source}: {problem}",
            f"'openssl req -new -key KEY -subj /CN={registration_id}' makes a request.",
        )
    return Order(request)


def _is_request(text: str) -> bool:
    """Tell a request, as az takes one too, from the path of its file."""
    return "-----BEGIN " in text or (len(text) > _LONGEST_NAME and text.startswith("MI"))


def _check(options: Issuance) -> None:
    if options.csr is not None and options.issue_certificate is not None:
        raise UsageError(
            f"--csr and {_FLAG} exclude each other", f"{_FLAG} makes a request of its own."
        )
    for flag, is_given in {"--rsa": options.rsa, "--force": options.force}.items():
        if is_given and options.issue_certificate is None:
            raise UsageError(f"{flag} goes with {_FLAG} only", "It is about what that makes.")


def _places(name: str) -> Places:
    import os

    from dpsctl.certificates.files import stem_of
    from dpsctl.certificates.writing import Place, Places

    stem = stem_of(name)
    last = os.path.basename(stem)  # noqa: PTH119 - a Path loses the slash at its end
    if last.strip(".") in {"", "-"}:
        raise UsageError(
            f"{_FLAG} {name}: names no file", "NAME is a path without an ending, such as pump-7."
        )
    return Places(
        Place(f"{stem}.pem", _FLAG), Place(f"{stem}.key", _FLAG), Place(f"{stem}.chain.pem", _FLAG)
    )
