"""What an option group is: a dataclass whose fields are options, or groups of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

Group = TypeVar("Group")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def option_group(declared: type[Group]) -> type[Group]:
    """Make a class an option group.

    Without `repr`, so that no key shows in a traceback; without `eq`, and frozen to the type
    checker alone: `dataclass` writes each of these as source text at every start, which took a
    tenth of a short command's time.
    """
    return dataclass(kw_only=True, repr=False, eq=False)(declared)
