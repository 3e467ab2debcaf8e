"""Which registrations are meant: those of devices that are named, or those in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dpsctl.errors import NotFound, UsageError
from dpsctl.options.selection import RegistrationSelection
from dpsctl.parallel import in_parallel
from dpsctl.run import Run
from dpsctl.selection.choosing import REGISTRATIONS, chosen, is_narrowed, matching
from dpsctl.service.dps import DpsService

Json = dict[str, Any]
_GROUP = "enrollmentGroupId"


class Registered:
    """The registrations of devices *rids*, or those in groups *gids*, as a *selection* has it.

    Raises UsageError where both are given, or neither.
    """

    def __init__(
        self,
        service: DpsService,
        gids: Sequence[str] | None,
        rids: Sequence[str] | None,
        selection: RegistrationSelection,
        page_size: int | None = None,
    ) -> None:
        self.rids = rids
        self.selection = selection
        self._service = service
        self._gids = gids or []
        self._page_size = page_size
        names = _given({"--registration-id": rids, "--ids-from": selection.ids_from})
        groups = _given({"--enrollment-id": gids, "--all-groups": selection.all_groups})
        if len(groups) > 1 or (names and groups):
            one, other = (names + groups)[0], groups[-1]
            raise UsageError(f"{one} and {other} exclude each other", "Give one of them.")
        if not names and not groups:
            raise UsageError(
                "--enrollment-id is missing",
                "Name groups, or look through all of them with --all-groups; or name devices with "
                "--registration-id or --ids-from.",
            )
        self.is_named = bool(names)

    @property
    def is_of_groups(self) -> bool:
        """Whether they are of more groups than one, so that each says which is its own."""
        return self.selection.all_groups or len(self._gids) > 1

    def listed(self, top: int, run: Run) -> Iterator[Json]:
        """Read those that are meant, the first *top* of them."""
        registrations = self._service.registrations
        if len(self._gids) == 1 and not is_narrowed(self.selection):
            return registrations.list(self._gids[0], top, self._page_size)
        self._service.keep_pace()
        if self.is_named:
            meant = chosen(self.rids, self.selection, REGISTRATIONS, list, run)
            ids = (one.record_id for one in meant)
            found: Iterator[Json] = in_parallel(registrations.show, ids, self.selection.parallel)
        else:
            found = matching(self.read(), self.selection, REGISTRATIONS)
        return self._first(found, top)

    def read(self) -> Iterator[Json]:
        """Read all of the groups, several groups at a time."""
        if not self.is_of_groups:
            yield from self._service.registrations.list(self._gids[0], -1, self._page_size)
            return
        gids: Iterable[str] = self._gids
        if self.selection.all_groups:
            gids = (str(group.get(_GROUP)) for group in self._service.groups.list())
        for found in in_parallel(self._of_group, gids, self.selection.parallel):
            yield from found

    def _of_group(self, gid: str) -> list[Json]:
        listed = self._service.registrations.list(gid, -1, self._page_size)
        try:
            return [{_GROUP: gid, **registration} for registration in listed]
        except NotFound:
            if gid in self._gids:
                raise
            return []  # it was there when the groups were listed

    def _first(self, records: Iterator[Json], top: int) -> Iterator[Json]:
        for number, record in enumerate(records):
            if number == top:
                self._service.tell_of_more(top)
                return
            yield record


def _given(values: dict[str, Any]) -> list[str]:
    return [flag for flag, value in values.items() if value]
