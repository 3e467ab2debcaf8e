"""What a device shows, read from options and files, and what it is held against."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dpsctl import keys
from dpsctl.admission.known import Device, Known
from dpsctl.errors import UsageError
from dpsctl.options.connection import Connection, Sources
from dpsctl.options.device import Evidence, Records
from dpsctl.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

Json = dict[str, Any]
_CERTIFICATE = "--certificate-path"
_NOTHING = (
    "Name the service (--login, -n), or give --from FILE; or at least what the device shows: "
    "--key, --group-key, --certificate-path."
)


def shown_by(registration_id: str, id_scope: str | None, evidence: Evidence, run: Run) -> Device:
    """Say who the device is, and what it shows. Raises UsageError."""
    ways = {
        "--key": evidence.key,
        "--group-key": evidence.group_key,
        _CERTIFICATE: evidence.certificate_path,
    }
    given = [flag for flag, value in ways.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} exclude each other", "A device shows one.")
    key = evidence.key
    if evidence.group_key is not None:
        key = keys.derive_device_key(evidence.group_key, registration_id)
        run.masker.add(key)
    chain = _chain(evidence, run) if evidence.certificate_path else ()
    return Device(registration_id, id_scope, key, chain)


def known_of(
    device: Device, records: Records, connection: Connection, sources: Sources, run: Run
) -> Known:
    """Read what is known of the service: from files, from itself, or nothing. Raises UsageError."""
    from dpsctl.service.settings import settle

    at_hand = _at_hand(records)
    typed = [name for name in ("login", "dps_name") if sources.get(name, "").startswith("-")]
    if records.files:
        if typed:
            raise UsageError(
                f"--from and {sources[typed[0]]} exclude each other", "Records come from one place."
            )
        from dpsctl.commands.device.printed_records import read_printed

        return replace(read_printed(records.files, run), certificates=at_hand)
    settled = settle(connection, run).connection
    if settled.login or settled.dps_name:
        from dpsctl.commands.device.service_records import read_service

        return replace(
            read_service(device, connection, run, records.parallel), certificates=at_hand
        )
    if device.key is None and not device.chain:
        raise UsageError("There is nothing to hold the device against", _NOTHING)
    return Known(certificates=at_hand)


def _chain(evidence: Evidence, run: Run) -> Sequence[Certificate]:
    """Read the files in their order; a certificate that comes again counts once."""
    from dpsctl.certificates.passphrases import passphrase_asker
    from dpsctl.certificates.reading import read_all_certificates
    from dpsctl.text.values import read_file

    found: list[Certificate] = []
    for path in evidence.certificate_path or ():
        ask = passphrase_asker(evidence.passphrase, "--passphrase", path, run)
        data = read_file(path, _CERTIFICATE, run.stdin)
        for one in read_all_certificates(data, f"{_CERTIFICATE} {path}", ask).certificates:
            if one not in found:
                found.append(one)
    return found


def _at_hand(records: Records) -> Sequence[Certificate]:
    if records.certificates is None:
        return ()
    from dpsctl.certificates.files import certificates_in

    return certificates_in(records.certificates)
