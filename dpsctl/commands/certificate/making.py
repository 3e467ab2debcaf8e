"""Certificates for enrollment groups and their devices, made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dpsctl.certificates.passphrases import new_passphrase
from dpsctl.commands.unshown import with_failures_told
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import verb
from dpsctl.options.certificate import (
    Code,
    CommonName,
    Days,
    DeviceOptions,
    FileOptions,
    Force,
    IntermediatePathLength,
    IssuerOptions,
    IssuerPath,
    KeyOptions,
    Out,
    PathLength,
)
from dpsctl.options.connection import Display
from dpsctl.output.columns import Column
from dpsctl.output.progress import has_room
from dpsctl.run import Outcome, Run

if TYPE_CHECKING:
    from dpsctl.certificates.writing import Made, Plan

Json = dict[str, Any]
COLUMNS = {
    "Subject": Column("subjectName", "head"),
    "Days": Column("daysLeft", "days"),
    "Ends": Column("notAfterUtc", "end"),
    "Can sign": "canSign",
    "Issuer": Column("issuerName", "head"),
    "Starts": Column("notBeforeUtc", "time", is_wide=True),
    "SHA-1": Column("sha1Thumbprint", is_wide=True),
}
MADE_COLUMNS = {"File": "certificatePath", "Key": Column("keyPath", is_wide=True), **COLUMNS}
FLEET_COLUMNS = {
    "Device": "registrationId",
    "Status": "status",
    "Ends": Column("notAfterUtc", "end"),
    "File": "certificatePath",
    "Message": Column("message", "head"),
    "SHA-1": Column("sha1Thumbprint", is_wide=True),
}


@verb(
    columns=MADE_COLUMNS,
    examples=[
        "dpsctl certificate root --cn factory-root",
        (
            "dpsctl certificate root --cn factory-root --algorithm rsa --days 7300 --path-length 1"
            " --passphrase @root.secret"
        ),
    ],
)
def root(
    *,
    run: Run,
    common_name: CommonName,
    key: KeyOptions,
    files: FileOptions,
    days: Days = 3650,
    path_length: PathLength = None,
) -> Json:
    """Make a root: an authority that signs itself.

    Writes its certificate, and its private key for the owner's eyes alone.
    """
    from dpsctl.certificates.issuers import Validity
    from dpsctl.certificates.making import new_key, root_certificate
    from dpsctl.certificates.writing import Made

    _check_name(common_name, "--common-name")
    new = new_key(key.algorithm, key.key_size)
    made = root_certificate(common_name, new, Validity.of_days(days), path_length)
    return _written(Made((made,), new), key, files, run)


@verb(
    columns=MADE_COLUMNS,
    examples=[
        "dpsctl certificate intermediate --cn line-4 --issuer factory-root.pem --chain",
        (
            "dpsctl certificate intermediate --cn line-5 --issuer factory-root.pem"
            " --issuer-key usb/factory-root.key"
        ),
    ],
)
def intermediate(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    common_name: CommonName,
    issuer_path: IssuerPath,
    issuer: IssuerOptions,
    key: KeyOptions,
    files: FileOptions,
    days: Days = 1825,
    path_length: IntermediatePathLength = 0,
) -> Json:
    """Make an authority that another one signs.

    Its certificate is what an enrollment group is made with; its key signs the group's devices.
    """
    from dpsctl.certificates.issuers import Validity, read_signer
    from dpsctl.certificates.making import intermediate_certificate, new_key
    from dpsctl.certificates.writing import Made

    _check_name(common_name, "--common-name")
    validity = Validity.of_days(days)
    signer = read_signer(issuer_path, issuer, run, validity)
    new = new_key(key.algorithm, key.key_size)
    made = intermediate_certificate(common_name, new, signer, validity, path_length)
    return _written(Made((made, *signer.chain), new), key, files, run)


@verb(
    columns=MADE_COLUMNS,
    examples=[
        "dpsctl certificate device --rid device-1 --issuer line-4.pem",
        (
            "dpsctl certificate device --rid device-2 --issuer line-4.chain.pem --chain --pkcs12"
            " --passphrase @device-2.secret"
        ),
        "dpsctl certificate device --from ids.txt --folder certificates --issuer line-4.pem -o csv",
    ],
)
def device(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    which: DeviceOptions,
    issuer_path: IssuerPath,
    issuer: IssuerOptions,
    key: KeyOptions,
    files: FileOptions,
    display: Display,
    days: Days = 365,
) -> Json | Outcome:
    """Make a device's certificate, or those of a whole fleet.

    The registration ID is its name (CN). With --from each line of a file makes one; certificates
    that are in the folder already are kept, so it can be run again after a failure.
    """
    from dpsctl.certificates.issuers import Validity, read_signer
    from dpsctl.certificates.making import device_certificate, new_key
    from dpsctl.certificates.writing import Made, Plan

    wanted = _wanted(which, files)
    validity = Validity.of_days(days)
    signer = read_signer(issuer_path, issuer, run, validity)

    def make(registration_id: str) -> Made:
        new = new_key(key.algorithm, key.key_size)
        made = device_certificate(registration_id, new.public_key(), signer, validity)
        return Made((made, *signer.chain), new)

    if isinstance(wanted, str):
        return _written(make(wanted), key, files, run)
    new_key(key.algorithm, key.key_size)  # a wrong size is found before anything is written
    plan = Plan(make, wanted[1], files, _secret(key, files, run))
    return _written_fleet(wanted[0], which.id_field, plan, display, run)


def _written_fleet(
    path: str, id_field: str | None, plan: Plan, display: Display, run: Run
) -> Outcome:
    from dpsctl.certificates.fleet import Fleet
    from dpsctl.fleet.device_files import DeviceFile

    file = DeviceFile(path, "--from", run.stdin)
    fleet = Fleet(file, id_field, plan, run)
    results = fleet.results(is_progress_shown=has_room(display, run))
    told = with_failures_told(results, file.name, display, run)
    return Outcome(told, fleet.exit_code, FLEET_COLUMNS)


@verb(
    columns={"File": "certificatePath", **COLUMNS},
    examples=[
        "dpsctl certificate verification --code 8CB7A8F1 --issuer factory-root.pem",
        (
            "dpsctl certificate verification --code @code.txt --issuer factory-root.pem"
            " --out proof.pem --force"
        ),
    ],
)
def verification(  # noqa: PLR0913 - each is one thing a user may say
    *,
    run: Run,
    code: Code,
    issuer_path: IssuerPath,
    issuer: IssuerOptions,
    days: Days = 30,
    out: Out = None,
    force: Force = False,
) -> Json:
    """Prove to the service that one has an authority's key.

    The service makes a code; this certificate bears it as its name, and the authority signs it.
    """
    from dpsctl.certificates.describing import description
    from dpsctl.certificates.issuers import Validity, read_signer
    from dpsctl.certificates.making import signed_code
    from dpsctl.certificates.writing import write_certificate

    _check_name(code, "--code")
    validity = Validity.of_days(days)
    made = signed_code(code, read_signer(issuer_path, issuer, run, validity), validity)
    path = out or "verification.pem"
    write_certificate(made, path, replace=force)
    return {"certificatePath": path, **description(made)}


def _check_name(name: str, flag: str) -> None:
    from dpsctl.certificates.making import name_problem

    if problem := name_problem(name):
        raise UsageError(f"{flag}: {problem}")


def _wanted(which: DeviceOptions, files: FileOptions) -> str | tuple[str, str]:
    """Return the one device's id, or the file that names many and the folder for theirs."""
    one, many = which.registration_id, which.from_file
    if (one is None) == (many is None):
        problem = "is missing" if one is None else "and --from exclude each other"
        raise UsageError(
            f"--registration-id {problem}", "Give the ID of one device, or --from with a file."
        )
    of_one = {"--out": files.out, "--key-out": files.key_out}
    of_many = {"--id-field": which.id_field, "--folder": which.folder}
    for flag, value in (of_many if many is None else of_one).items():
        if value is not None:
            other = "--from" if many is None else "--registration-id"
            raise UsageError(f"{flag} goes with {other} only")
    if one is not None:
        _check_name(one, "--registration-id")
        return one
    if many is None or which.folder is None:
        raise UsageError("--folder is missing", "It says where the files of --from go.")
    return many, which.folder


def _secret(key: KeyOptions, files: FileOptions, run: Run) -> str | None:
    """Fetch the passphrase if one is wanted: PKCS#12 files always have one."""
    if not (key.encrypt or key.passphrase or files.pkcs12):
        return None
    return new_passphrase(key.passphrase, "--passphrase", run)


def _written(made: Made, key: KeyOptions, files: FileOptions, run: Run) -> Json:
    from dpsctl.certificates.describing import common_name_of, description
    from dpsctl.certificates.writing import file_stem, places_of, write_made

    places = places_of(files, file_stem(common_name_of(made.certificate)))
    write_made(made, places, _secret(key, files, run), replace=files.force)
    return {**places.paths(), **description(made.certificate)}
