"""What is found out about a device: the one thing that decides, and what else is to be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dpsctl.admission.known import Json, title_of


class Verdict(StrEnum):
    """What would become of the device."""

    registers = "registers"
    refused = "refused"  # it has not proved to be enrolled: 401
    disabled = "disabled"
    fails = "fails"  # it is let in and gets no hub
    undecided = "undecided"  # not enough is known


@dataclass(frozen=True)
class Finding:
    """Something about the device, *name* for programs and *message* for people.

    The first one with a *verdict* decides. One that *is_unknown* says what was not looked at.
    """

    name: str
    message: str
    hint: str | None = None
    verdict: Verdict | None = None
    is_unknown: bool = False


@dataclass(frozen=True)
class Taker:
    """The record that takes the device in, and *by* what of it."""

    record: Json
    by: str


@dataclass(frozen=True)
class Sight:
    """Who takes the device in, if anybody does, and what was seen on the way."""

    taker: Taker | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The verdict on a device, and all that was found."""

    registration_id: str
    taker: Taker | None
    findings: tuple[Finding, ...]
    registration: Json | None = None

    @property
    def cause(self) -> Finding | None:
        """The finding that decides; none where nothing is in the way."""
        return next((each for each in self.findings if each.verdict), None)

    @property
    def verdict(self) -> Verdict:
        """What would become of the device."""
        return self.cause.verdict if self.cause and self.cause.verdict else Verdict.registers

    @property
    def is_kept_out(self) -> bool:
        """Whether something keeps the device out, as far as is known."""
        return self.verdict not in {Verdict.registers, Verdict.undecided}

    @property
    def summary(self) -> str:
        """Say the verdict in one sentence."""
        said = self.cause.message if self.cause else ""
        by = f"{title_of(self.taker.record)} takes it, {self.taker.by}" if self.taker else ""
        lead = f"{self.registration_id} {_LEADS.get(self.verdict)}"
        match self.verdict:
            case Verdict.undecided:
                return f"Nobody can say yet whether {self.registration_id} would register: {said}."
            case Verdict.registers:
                return f"{lead}: {by}."
            case Verdict.fails:
                return f"{lead}: {by}, but {said}."
            case _:
                return f"{lead}: {said}."

    def as_dict(self) -> Json:
        """Return all of it for programs."""
        cause = self.cause
        return {
            "registrationId": self.registration_id,
            "verdict": self.verdict.value,
            "reason": cause.name if cause else None,
            "summary": self.summary,
            "enrollment": _taker_view(self.taker),
            "findings": [_view(each, "cause" if each is cause else "") for each in self.findings],
            "registration": self.registration,
        }


_LEADS = {
    Verdict.registers: "would register",
    Verdict.refused: "would be refused",
    Verdict.disabled: "would be told that it is disabled",
    Verdict.fails: "would get no hub",
}


def weight_of(finding: Finding) -> str:
    """Say what a finding that is not the cause means for the device."""
    if finding.is_unknown or finding.verdict is Verdict.undecided:
        return "unknown"
    return "problem" if finding.verdict else "fact"


def _view(finding: Finding, weight: str) -> Json:
    return {
        "finding": finding.name,
        "weight": weight or weight_of(finding),
        "message": finding.message,
        "hint": finding.hint,
    }


def _taker_view(taker: Taker | None) -> dict[str, Any] | None:
    if taker is None:
        return None
    group = taker.record.get("enrollmentGroupId")
    kind = "individualEnrollment" if group is None else "enrollmentGroup"
    return {"kind": kind, "id": group or taker.record.get("registrationId"), "by": taker.by}
