"""Results for a shell: the ids alone, values between tabs, or a record as variables."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from dpsctl.errors import DpsctlError

# What names a record, the field that tells most of it first.
_IDS = ("registrationId", "enrollmentGroupId", "id", "name")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def name_of(item: Any) -> str:
    """Return the id of a record, or a text as it is. Raises DpsctlError for anything else."""
    if isinstance(item, str):
        return item
    if isinstance(item, dict):
        found = next((item[name] for name in _IDS if isinstance(item.get(name), str)), None)
        if found is not None:
            return str(found)
    raise DpsctlError("-o name: the result is no record with an id", "-o json shows it.")


def variables(items: list[Any]) -> str:
    """Write the fields of one record as `NAME=VALUE` lines, quoted for sh; what is nested is JSON.

    Raises DpsctlError for anything else, and for a field that no variable can be called.
    """
    import json
    import shlex

    if len(items) != 1 or not isinstance(items[0], dict):
        raise DpsctlError(
            "-o env: the result is not one record", "Pick one: --query '[0]', or show it by its id."
        )
    lines = []
    for name, value in items[0].items():
        if not _VARIABLE.fullmatch(name):
            raise DpsctlError(
                f"-o env: {name!r} cannot be a variable's name",
                "Name it with --query: '{HUB: assignedHub}'.",
            )
        text = "" if value is None else value
        quoted = shlex.quote(text if isinstance(text, str) else json.dumps(text))
        lines.append(f"{name}={quoted}\n")
    return "".join(lines)


def tsv_row(item: Any) -> str:
    """Return one line as az writes it: an object's values by key, or in the query's own order."""
    if isinstance(item, OrderedDict):
        return "\t".join(_tsv_cell(value) for value in item.values())
    if isinstance(item, dict):
        return "\t".join(_tsv_cell(value) for _, value in sorted(item.items()))
    if isinstance(item, list):
        return "\t".join(_tsv_cell(value) for value in item)
    return str(item).lower() if isinstance(item, bool) else _tsv_cell(item)


def _tsv_cell(value: Any) -> str:
    """Return az's cell: nothing for an object, the length of a list, Python's word for the rest."""
    if isinstance(value, dict):
        return ""
    return str(len(value)) if isinstance(value, list) else str(value)
