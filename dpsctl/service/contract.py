"""What makes a class a service that a command may ask for by naming it in its signature."""

from __future__ import annotations

from typing import Any, ClassVar

from dpsctl.frozen import frozen


@frozen
class Purpose:
    """What a command is going to do: *writes* needs more rights, *dry_run* sends no write."""

    writes: bool = False
    dry_run: bool = False


class Service:
    """A service: *options* say where it is and who asks, `connect` of *connector* makes it of them.

    The connector is named, not imported: what it needs is heavy, and help needs none of it.
    """

    options: ClassVar[type[Any]]
    connector: ClassVar[str]

    def keep_pace(self) -> None:
        """Be as fast as the service allows from now on, if it counts what it is asked."""
