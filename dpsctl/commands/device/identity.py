"""Who a device is, as the options say it: its key, its group's, or its certificate in files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dpsctl.admission.known import ID_SCOPE, NO_SCOPE
from dpsctl.options.device import Proof
from dpsctl.run import Run
from dpsctl.service.device import Identity, identity_by_key, way_of


@contextmanager
def identity_of(id_scope: str, registration_id: str, proof: Proof, run: Run) -> Iterator[Identity]:
    """Say who the device is, with what is odd of what it holds. Raises UsageError."""
    flag = way_of(proof)
    doubts = () if ID_SCOPE.fullmatch(id_scope) else (f"--id-scope {id_scope}: {NO_SCOPE}",)
    known = run.environ.get("DPSCTL_ID_SCOPE", id_scope)
    advice = () if known == id_scope else (f"--id-scope is not DPSCTL_ID_SCOPE, {known}",)
    if flag != "--certificate-path":
        found = identity_by_key(id_scope, registration_id, proof)
        yield replace(found, doubts=doubts, advice=(*found.advice, *advice))
        return
    from dpsctl.certificates.device_pair import device_pair

    with device_pair(proof, registration_id, run) as pair:
        doubts = (*pair.doubts, *doubts)
        yield Identity(
            id_scope,
            registration_id,
            flag,
            certificate=pair.files,
            doubts=doubts,
            advice=advice,
        )
