"""Classes of fields that load fast: `@frozen` is `@dataclass(frozen=True)` without what takes time.

`dataclass` writes `repr`, `eq` and the guards of a frozen class as source text at every start: half
a millisecond a class, and a short command loads forty. Without `repr` no key shows in a traceback
either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

Declared = TypeVar("Declared")


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(declared: type[Declared]) -> type[Declared]: ...
@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, kw_only: bool) -> Callable[[type[Declared]], type[Declared]]: ...
def frozen(declared: Any = None, *, kw_only: bool = False) -> Any:
    """Make a class of fields, which only the type checker guards against a change."""

    def make(declared: Any) -> Any:
        declared.__eq__, declared.__hash__ = _is_equal, None
        return dataclass(kw_only=kw_only, repr=False, eq=False, match_args=False)(declared)

    return make if declared is None else make(declared)


def _is_equal(one: object, other: object) -> bool:
    return type(one) is type(other) and vars(one) == vars(other)
