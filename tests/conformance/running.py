"""Ask all scenarios of one service and tell where it differs from the emulator, fact by fact."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.asking import Asking
from conformance.scenarios import Scenario, all_scenarios, chosen
from conformance.visit import Finding, OutOfCallsError, Target, Visit
from requests import RequestException

from dpsctl.emulator.server import Emulator
from dpsctl.emulator.settings import EmulatorSettings

HUB = "hub-1.azure-devices.net"
# The throttle is the service's own (docs/service.md#c).
SETTINGS = EmulatorSettings(hubs=((HUB, 1),), retry_after_seconds=0, faults=("throttle 1000",))


def main() -> int:
    """Run, print what differs, and return 1 if anything does."""
    said = _arguments()
    scenarios = all_scenarios() if said.collect and not said.only else chosen(said.only)
    if not scenarios:
        raise SystemExit(f"--only {said.only}: --collect lists what there is")
    if said.collect:
        sys.stdout.write("".join(f"{scenario}\n" for scenario in scenarios))
        return 0
    with target() as asked:
        visit = Visit(asked)
        findings, skipped = ask_all(visit, scenarios)
    if said.record:
        Path(said.record).write_text(json.dumps(visit.exchanges, indent=2) + "\n", encoding="utf-8")
    sys.stdout.writelines(report(visit, findings, skipped))
    return int(bool(visit.left_behind) or any(not one.is_as_expected for one in findings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python tests/conformance",
        description="Compare a provisioning service with the emulator (docs/conformance.md).",
    )
    parser.add_argument("--collect", action="store_true", help="list what would be asked")
    parser.add_argument("--only", metavar="WORDS", help="ask only what --collect lists with WORDS")
    parser.add_argument("--record", metavar="FILE", help="keep the answers, without secrets")
    return parser.parse_args()


@contextmanager
def target() -> Iterator[Target]:
    """Yield the service that DPSCTL_CONFORMANCE_LOGIN names, or an emulator."""
    login = os.environ.get("DPSCTL_CONFORMANCE_LOGIN")
    if login:
        yield from_login(login, os.environ)
        return
    with Emulator(SETTINGS) as emulator:
        yield of_emulator(emulator)


def from_login(login: str, environment: os._Environ[str] | dict[str, str]) -> Target:
    """Read a connection string, and what else the environment says of the service."""
    parts = dict(part.partition("=")[::2] for part in login.strip().split(";") if part)
    missing = {"HostName", "SharedAccessKeyName", "SharedAccessKey"} - set(parts)
    if missing:
        raise SystemExit(f"DPSCTL_CONFORMANCE_LOGIN lacks {', '.join(sorted(missing))}")
    return Target(
        host=parts["HostName"],
        policy=parts["SharedAccessKeyName"],
        key=parts["SharedAccessKey"],
        id_scope=environment.get("DPSCTL_CONFORMANCE_ID_SCOPE"),
        hub=environment.get("DPSCTL_CONFORMANCE_HUB"),
    )


def of_emulator(emulator: Emulator) -> Target:
    """Describe an emulator with one hub."""
    return Target(
        host=emulator.host,
        policy="provisioningserviceowner",
        key=emulator.policy_key,
        endpoint=emulator.endpoint,
        trust=str(emulator.ca_file),
        id_scope=emulator.id_scope,
        hub=HUB,
    )


def ask_all(
    visit: Visit, scenarios: Iterable[Scenario]
) -> tuple[list[Finding], list[tuple[Scenario, str]]]:
    """Ask what can be asked of this service, and take away what was made for it."""
    findings: list[Finding] = []
    skipped: list[tuple[Scenario, str]] = []
    has = {"id scope": visit.target.id_scope, "hub": visit.target.hub}
    try:
        for number, scenario in enumerate(scenarios, 1):
            lacks = [need for need in scenario.needs if not has[need]]
            if lacks:
                skipped.append((scenario, f"the service has no {lacks[0]}, or it was not said"))
                continue
            asking = Asking(visit, scenario.fact, str(number))
            try:
                scenario.ask(asking)
            except OutOfCallsError as error:
                skipped.append((scenario, str(error)))
            except (LookupError, TypeError, ValueError, RequestException) as error:
                asking.expect(scenario.name, "an answer of the usual shape", repr(error))
            findings += asking.findings
    finally:
        visit.tidy()
    return findings, skipped


def report(
    visit: Visit, findings: list[Finding], skipped: list[tuple[Scenario, str]]
) -> Iterator[str]:
    """Yield the lines that tell it: differences, what was not asked, what stayed, the sum."""
    differing = [one for one in findings if not one.is_as_expected]
    yield from (f"{one}\n" for one in differing)
    yield from (f"not asked: {scenario}: {why}\n" for scenario, why in skipped)
    yield from (f"left behind: {one}\n" for one in visit.left_behind)
    yield (
        f"{len(findings)} questions, {len(differing)} answered otherwise than by the emulator, "
        f"{visit.calls} calls\n"
    )
