"""What an option group is: a class whose fields are options, or groups of them."""

from __future__ import annotations

from typing import TypeVar, dataclass_transform

from dpsctl.frozen import frozen

Group = TypeVar("Group")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def option_group(declared: type[Group]) -> type[Group]:
    """Make a class an option group."""
    return frozen(kw_only=True)(declared)
