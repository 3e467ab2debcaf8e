"""What the service says to callers, versions, methods and bodies that it does not take."""

from __future__ import annotations

import time

from conformance.asking import Asking
from conformance.scenarios import asks
from conformance.visit import BY_KEY

from dpsctl.keys import sign


@asks("b7")
def tokens_are_judged(ask: Asking) -> None:
    visit = ask.visit

    def status(token: str) -> int:
        return ask.call("GET", ask.group(), headers={"Authorization": token}).code

    wrong = sign(visit.target.key, "another key")
    ask.expect("a token by another key", 401002, status(visit.owner_token(key=wrong)))
    ask.expect(
        "a token of the past", 401002, status(visit.owner_token(expires_at=int(time.time()) - 600))
    )
    ask.expect(
        "a token of a policy that is not there", 401002, status(visit.owner_token(policy="nobody"))
    )
    ask.expect("no token", 401002, status(""))
    ask.expect(
        "a token for another host",
        404202,
        status(visit.owner_token(resource="another.azure-devices-provisioning.net")),
    )


@asks("b6")
def missing_records_have_codes(ask: Asking) -> None:
    ask.expect("GET of a group", 404202, ask.call("GET", ask.group()).code)
    ask.expect("GET of an enrollment", 404201, ask.call("GET", ask.individual()).code)
    ask.expect(
        "attestationmechanism of a group",
        404202,
        ask.call("POST", f"{ask.group()}/attestationmechanism").code,
    )
    ask.expect("DELETE of a group", 404202, ask.call("DELETE", ask.group()).code)
    ask.expect("GET of a registration", 404201, ask.call("GET", f"/registrations/{ask.id()}").code)
    ask.expect(
        "registrations of a group",
        404202,
        ask.call("POST", f"/registrations/{ask.id()}/query").code,
    )


@asks("b6")
def bodies_and_methods_are_judged(ask: Asking) -> None:
    ask.expect("PATCH", 405000, ask.call("PATCH", ask.group(), {}).code)
    ask.expect("a path that is not there", 404000, ask.call("GET", "/no/such/path/at/all").code)
    ask.expect("a body that is no JSON", 400004, ask.call("PUT", ask.group(), "{").code)
    plain = {"Content-Type": "text/plain"}
    body = {"enrollmentGroupId": ask.id("b"), "attestation": BY_KEY}
    ask.expect("JSON called plain text", 200, ask.call("PUT", ask.group("b"), body, plain).code)
    big = ask.put_group("c", initialTwin={"tags": {"note": "x" * (1 << 20)}})
    ask.expect("a body of more than 1 MiB", 413000, big.code)
    ask.expect("a body that is a list", 400004, ask.call("PUT", ask.group(), []).code)
    ask.expect(
        "no attestation",
        400004,
        ask.call("PUT", ask.group(), {"enrollmentGroupId": ask.id()}).code,
    )
    ask.expect("an unknown status", 400004, ask.put_group(provisioningStatus="maybe").code)


@asks("a1")
def unknown_versions_are_refused(ask: Asking) -> None:
    path = ask.group()
    ask.expect("a version of 1999", 400004, ask.call("GET", path, version="1999-01-01").code)
    for version in ("2019-03-31", "2021-10-01", "2026-11-01"):
        ask.expect(f"version {version}", 404202, ask.call("GET", path, version=version).code)
