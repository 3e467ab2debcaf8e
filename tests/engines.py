"""The parts that `diff` and `apply` are made of, put together as the commands do."""

from dpsctl.manifests.carrying_out import CarryingOut
from dpsctl.manifests.fields import KINDS
from dpsctl.manifests.fleet import Fleet
from dpsctl.manifests.plan import plan_of
from dpsctl.manifests.reading import Reading
from dpsctl.manifests.scope import Scope
from dpsctl.manifests.writing import Writer
from dpsctl.options.connection import Connection
from dpsctl.service.connect import connect

MOVING = {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc", "registrationState"}
OWNS = {"EnrollmentGroup": ["line-*"], "IndividualEnrollment": ["pump-*"]}


class Engine:
    """A service, and the engine's parts put together as the commands do."""

    def __init__(self, emulator, run):
        self.emulator, self.run = emulator, run
        self.service = connect(Connection(login=emulator.connection_string), run)
        self.service.keep_pace()
        self.collections = {
            "EnrollmentGroup": self.service.groups,
            "IndividualEnrollment": self.service.enrollments,
        }

    def plan(self, fleet, *, prune=False):
        return plan_of(fleet, Reading(self.collections, 4, prune=prune).records(fleet), prune=prune)

    def carry_out(self, plan):
        work = CarryingOut(plan, Writer(self.collections), self.run, 4)
        return list(work.fates())

    def apply(self, records, *, prune=False):
        return self.carry_out(self.plan(Fleet(Scope(owns=OWNS), records), prune=prune))

    def state(self):
        """All records with their keys, without what changes with every write."""
        found = {}
        for name, collection in self.collections.items():
            for record in collection.list_with_keys(parallel=1):
                kept = {field: value for field, value in record.items() if field not in MOVING}
                found[name, record[KINDS[name].id_field]] = kept
        return found

    def writes(self):
        return [
            one
            for one in self.emulator.requests()
            if one["method"] in ("PUT", "DELETE")
            or one["path"].rpartition("/")[2] in ("enrollments", "enrollmentGroups")
        ]
