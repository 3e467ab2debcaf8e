"""The order of files, documents, keys and rows is nobody's business."""

import csv
import io
import json

import pytest
from fleets import HISTORIES, SERVICE
from hypothesis import given, settings
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import INDIVIDUAL, KINDS
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.plan import plan_of
from dpsctl.manifests.plan_file import check_fresh, plan_document
from dpsctl.manifests.views import plan_view
from dpsctl.manifests.wanted import read_fleet
from dpsctl.run import Run

ROWS = [{"id": f"row-{n}", "rack": str(n), "site": "eu"} for n in range(4)]
TEMPLATE = {
    "$each": "rows.csv",
    "registrationId": {"$column": "id"},
    "attestation": {"type": "symmetricKey"},
    "initialTwin": {
        "tags": {"rack": {"$column": "rack", "as": "integer"}, "at": {"$column": "site"}}
    },
}
SCOPE = {"$fleet": 1, "owns": {"EnrollmentGroup": ["line-*"], "IndividualEnrollment": ["*-*"]}}
ASKED = {"paths": ["fleet"], "root": None, "variables": {}, "prune": True}


def literal(value):
    """Say of data with a $ that it is data."""
    if isinstance(value, dict) and any(name.startswith("$") for name in value):
        return {"$literal": value}
    if isinstance(value, dict):
        return {name: literal(part) for name, part in value.items()}
    return [literal(part) for part in value] if isinstance(value, list) else value


def shuffled(value, random):
    """The same value with the keys of its objects in another order; lists stay."""
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name], random) for name in names}
    return [shuffled(part, random) for part in value] if isinstance(value, list) else value


def as_documents(records):
    return "".join(f"---\n{json.dumps(one)}\n" for one in records)


def as_list(records):
    return json.dumps(records)


def write(folder, records, random):
    """Write *records* and rows into some files, in some order, in some form."""
    for path in folder.iterdir():
        path.unlink()
    documents = [shuffled(one, random) for one in [*records, TEMPLATE, SCOPE]]
    random.shuffle(documents)
    parts = [[] for _ in range(random.randint(1, 4))]
    for one in documents:
        random.choice(parts).append(one)
    for number, part in enumerate(parts):
        form = random.choice([as_documents, as_list])
        (folder / f"{random.choice('abc')}{number}.yaml").write_text(form(part) if part else "")
    rows, columns = list(ROWS), list(ROWS[0])
    random.shuffle(rows)
    random.shuffle(columns)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    (folder / "rows.csv").write_text(text.getvalue())


def shown(plan):
    view = plan_view(plan)
    for change in view["changes"]:
        change.pop("at", None)
    return view


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fleet")


@settings(SERVICE, max_examples=40)
@given(HISTORIES, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_order_changes_neither_plan_nor_fingerprint(folder, history, one, other):
    found = [
        (KINDS[name], {KINDS[name].id_field: record_id, "etag": "e", **body})
        for name, record_id, body, _ in history[0]
    ]
    found += [(INDIVIDUAL, {"registrationId": f"row-{n}", "attestation": {}}) for n in (1, 9)]
    records = [
        {KINDS[name].id_field: record_id, "$exact": is_exact, **literal(body)}
        for name, record_id, body, is_exact in history[1][1:]
    ]

    def plan_read(random):
        write(folder, records, random)
        fleet = read_fleet([str(folder)], None, Inputs(Run({})), "2021-10-01")
        pages = list(found)
        random.shuffle(pages)
        return plan_of(fleet, pages, prune=True), fleet

    try:
        plan, fleet = plan_read(one)
    except UsageError as refused:
        with pytest.raises(UsageError, match=refused.message.partition("\n")[0]):
            plan_read(other)
        return
    again, _ = plan_read(other)

    assert shown(again) == shown(plan)
    assert sorted(map(str, again.unmanaged)) == sorted(map(str, plan.unmanaged))
    document = plan_document(plan, ASKED, {}, fleet.sources)
    check_fresh(document, again, {}, fleet.sources)
