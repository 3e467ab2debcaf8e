"""Lines of az that were typed here: which are dpsctl's without az's words, and which stay az's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile

from dpsctl.errors import UsageError

# What az does to services themselves: nouns and verbs of 'az iot dps'.
_STAYS = {
    *("access-policy", "create", "delete", "identity", "linked-hub", "namespace"),
    *("private-endpoint-connection", "private-link-resource", "update", "wait"),
    *("policy create", "policy delete", "policy update", "certificate update"),
}
# What az does beside getting devices in: nouns and verbs of 'az iot central'.
_STAYS_IN_CENTRAL = {
    *("api-token", "app", "device-template", "diagnostics", "export", "file-upload-config", "job"),
    *("organization", "query", "role", "scheduled-job", "user"),
    *("device attestation", "device c2d-message", "device command", "device edge"),
    *("device manual-failback", "device manual-failover", "device telemetry", "device twin"),
}
_PREFIXES = ("az", "iot", "dps")
_INSTEAD = "dpsctl stands in place of 'az iot dps'"


def complaint(path: str, words: Sequence[str], known: Collection[str]) -> UsageError | None:
    """Say what to type in place of *words*, the first of which is not *known* behind *path*.

    None if they are not az's. What follows the first option is not repeated: it may be a secret.
    """
    typed = list(takewhile(lambda word: not word.startswith("-"), words))
    line = [*path.split()[1:], *typed]
    is_az = words[0] in _PREFIXES[:2] and line == typed
    own = line
    for prefix in _PREFIXES if is_az else ():
        own = own[1:] if own[:1] == [prefix] else own
    if own and (not_ours := _stays_azs(own)):
        return not_ours
    if not is_az:
        return None
    if own and own[0] in known:
        return UsageError(f"'{' '.join(typed)}': {_INSTEAD}", f"Write 'dpsctl {' '.join(own)}'.")
    if not own:
        help_line = "Leave these words out; 'dpsctl --help' lists the commands."
        return UsageError(f"'{' '.join(typed)}': {_INSTEAD}", help_line)
    stays = " ".join(["az", *(typed[1:] if typed[0] == "az" else typed)])
    return UsageError(f"'{' '.join(typed)}': dpsctl has no such command", f"That stays '{stays}'.")


def _stays_azs(own: Sequence[str]) -> UsageError | None:
    """Say of a line without az's words which one of az it is, if it is one."""
    line = " ".join(own)
    if not _STAYS.isdisjoint((own[0], " ".join(own[:2]))):
        return UsageError(
            f"'dpsctl {line}' is not there: dpsctl reads services, az makes and changes them",
            f"That stays 'az iot dps {line}'.",
        )
    of_central = own[1:] if own[0] == "central" else []
    if not _STAYS_IN_CENTRAL.isdisjoint((" ".join(of_central[:1]), " ".join(of_central[:2]))):
        return UsageError(
            f"'dpsctl {line}' is not there: dpsctl gets devices into an application",
            f"That stays 'az iot {line}'.",
        )
    return None
