"""Plans as people see them, held against files: `DPSCTL_GOLDEN=write` writes them anew."""

import base64
import html
import json
import os
import re
from pathlib import Path

import pytest

from dpsctl.manifests.fields import GROUP, INDIVIDUAL
from dpsctl.manifests.fleet import Fleet, Wanted
from dpsctl.manifests.markdown import markdown_lines
from dpsctl.manifests.plan import Action, plan_of
from dpsctl.manifests.rendering import SIGNS, Look, plan_lines
from dpsctl.manifests.risks import Risk
from dpsctl.manifests.scope import Scope
from dpsctl.manifests.views import plan_view

FOLDER = Path(__file__).parent.parent / "data" / "plans"
WRITES = os.environ.get("DPSCTL_GOLDEN") == "write"  # tests do not see the variable
A, B, C = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abc")
KEY_PATH = ("attestation", "symmetricKey", "primaryKey")
SCOPE = Scope(owns={"EnrollmentGroup": ["*"], "IndividualEnrollment": ["*"]}, protect=["line-root"])


def keys(primary=A, secondary=B):
    return {
        "type": "symmetricKey",
        "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary},
    }


def certificates(*letters):
    infos = [
        letter
        and {
            "info": {
                "subjectName": f"CN=line {letter}",
                "sha256Thumbprint": letter * 64,
                "notAfterUtc": "2027-03-04T00:00:00Z",
            }
        }
        for letter in letters
    ]
    slots = dict(zip(("primary", "secondary"), infos, strict=True))
    return {"type": "x509", "x509": {"signingCertificates": slots}}


def wanted(kind, record_id, place, body, **traits):
    return Wanted(kind, record_id, {kind.id_field: record_id, **body}, place, **traits)


def actual(kind, record_id, **body):
    return kind, {kind.id_field: record_id, "attestation": keys(), "etag": "e", **body}


def every_action():
    """A plan with each action, each class, blocked and protected ones, and rows."""
    twin = {"tags": {"site": "eu", "text": "x" * 70, "list": [1, 2, {"a": None}]}}
    webhook = {"webhookUrl": "https://f.example/api?code=s3cret", "apiVersion": "2021-10-01"}
    records = [
        wanted(
            GROUP,
            "line-1",
            "fleet/a.yaml:1",
            {"attestation": keys(C, A)},
            origins={KEY_PATH: "$env LINE1_NEXT"},
        ),
        wanted(GROUP, "line-2", "fleet/a.yaml:9", {"attestation": certificates("B", None)}),
        wanted(
            GROUP,
            "line-3",
            "fleet/a.yaml:15",
            {
                "provisioningStatus": "disabled",
                "initialTwin": twin,
                "iotHubs": ["b.x"],
                "allocationPolicy": "hashed",
            },
        ),
        wanted(GROUP, "line-4", "fleet/a.yaml:20", {"attestation": certificates("A", "B")}),
        wanted(GROUP, "line-6", "fleet/a.yaml:30", {}, formerly="line-5"),
        wanted(
            GROUP,
            "line-7",
            "fleet/a.yaml:34",
            {
                "attestation": {"type": "symmetricKey"},
                "customAllocationDefinition": webhook,
                "allocationPolicy": "custom",
            },
        ),
        wanted(
            GROUP,
            "line-8",
            "fleet/a.yaml:40",
            {"attestation": {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}}},
        ),
        wanted(GROUP, "line-9", "fleet/a.yaml:50", {"provisioningStatus": None}),
        *(
            wanted(
                INDIVIDUAL,
                f"pump-{n:04}",
                f"fleet/pumps.csv:{n + 1}",
                {"attestation": {"type": "symmetricKey"}, "deviceId": f"d{n}"},
                rows="pumps.csv",
            )
            for n in range(1, 1001)
        ),
    ]
    found = [
        actual(GROUP, "line-1", foo=1),
        actual(GROUP, "line-2", attestation=certificates("A", "B")),
        actual(GROUP, "line-3", initialTwin={"tags": {"site": "us", "text": "x" * 70}},
               iotHubs=["a.x"], allocationPolicy="hashed"),
        actual(GROUP, "line-4", attestation=certificates("A", None)),
        actual(GROUP, "line-5"),
        actual(GROUP, "line-8"),
        actual(GROUP, "line-9", provisioningStatus="disabled"),
        actual(GROUP, "line-root"),
        *(actual(INDIVIDUAL, f"valve-{n}", **({"provisioningStatus": "disabled"} if n == 7 else {}))
          for n in range(1, 8)),
    ]  # fmt: skip
    return plan_of(Fleet(SCOPE, records), found, prune=True)


def too_much():
    """A plan that takes from more than a part of its fleet, and has one change it cannot make."""
    statuses = ["disabled"] * 5 + ["enabled"] * 6
    records = [
        *(
            wanted(GROUP, f"line-{n}", f"fleet/a.yaml:{n + 1}", {"provisioningStatus": status})
            for n, status in enumerate(statuses)
        ),
        wanted(GROUP, "line-x", "fleet/b.yaml:1", {"iotHubs": ["a.x"]}),
        wanted(GROUP, "line-y", "fleet/b.yaml:3", {"attestation": certificates("A", None)}),
    ]
    found = [actual(GROUP, f"line-{n}") for n in range(len(statuses))]
    found.append(actual(GROUP, "line-y", attestation=certificates("A", "B")))
    return plan_of(Fleet(Scope(protect=["line-4"]), records), found)


def nothing():
    return plan_of(Fleet(SCOPE, [wanted(GROUP, "a", "a.yaml:1", {})]), [actual(GROUP, "a")])


def only_destructive(count=4000):
    found = [actual(INDIVIDUAL, f"pump-{n:05}") for n in range(count)]
    return plan_of(Fleet(SCOPE, [wanted(GROUP, "a", "a.yaml:1", {})]), found, prune=True)


def text_of(plan, **look):
    return "\n".join(plan_lines(plan, Look(**look))) + "\n"


def json_of(plan):
    """The plan as JSON, of a thousand rows the first two."""
    view = plan_view(plan)
    shown = [one for one in view["changes"] if not "pump-0002" < one["id"] < "pump-x"]
    return json.dumps({**view, "changes": shown}, indent=1) + "\n"


RENDERINGS = {
    "every-action.txt": lambda: text_of(every_action()),
    "every-action-40-columns.txt": lambda: text_of(every_action(), width=40),
    "every-action-coloured.txt": lambda: text_of(every_action(), width=80, colour=True),
    "every-action-unmanaged.txt": lambda: text_of(every_action(), unmanaged=True),
    "every-action.md": lambda: "\n".join(markdown_lines(every_action(), Look())) + "\n",
    "every-action.json": lambda: json_of(every_action()),
    "too-much.txt": lambda: text_of(too_much()),
    "too-much.md": lambda: "\n".join(markdown_lines(too_much(), Look())) + "\n",
    "too-much.json": lambda: json_of(too_much()),
    "nothing.txt": lambda: text_of(nothing()),
    "nothing.md": lambda: "\n".join(markdown_lines(nothing(), Look())) + "\n",
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_plan_is_shown_as_it_always_was(name):
    shown = RENDERINGS[name]()
    if WRITES:
        (FOLDER / name).write_text(shown, encoding="utf-8")

    assert shown == (FOLDER / name).read_text(encoding="utf-8")


SIGNED = {"txt": "\n{} ", "md": "(<summary>|\n- )\\\\?{} ", "json": '"action": "{}"'}


@pytest.mark.parametrize("ending", ["txt", "md", "json"])
def test_every_action_and_every_class_is_among_them(ending):
    texts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob(f"*.{ending}"))

    for risk in Risk:
        assert re.search(rf'risk {risk.value}\b|"{risk.value}"', texts), risk
    for action in Action:
        shown = action.value if ending == "json" else SIGNS[action]
        shown = html.escape(shown) if ending == "md" else shown
        assert re.search(SIGNED[ending].format(re.escape(shown)), texts), action
    assert "blocked" in texts


@pytest.mark.parametrize("name", RENDERINGS)
def test_no_secret_is_shown(name):
    shown = RENDERINGS[name]()

    for secret in (A, B, C, "s3cret"):
        assert secret not in shown


def test_full_shows_every_object():
    shown = text_of(every_action(), full=True)

    assert all(f"+ IndividualEnrollment pump-{n:04} " in shown for n in range(1, 1001))


def test_markdown_fits_into_a_comment_and_names_all_that_loses_something():
    plan = only_destructive(1500)

    shown = "\n".join(markdown_lines(plan, Look(full=True)))

    assert len(shown) < 65_535
    assert all(f"pump-{n:05}" in shown for n in range(1500))
    assert "more objects" in shown


def test_markdown_counts_what_nobody_would_read():
    shown = "\n".join(markdown_lines(only_destructive(), Look(full=True)))

    assert len(shown) < 65_535
    assert " more" in shown


def test_what_others_wrote_is_neither_markdown_nor_html_nor_a_terminals():
    tags = {"a": "</details><b>```\x1b[31m", "b": "y" * 70}
    fleet = Fleet(Scope(), [wanted(GROUP, "a", "x<y>.yaml:1", {"initialTwin": {"tags": tags}})])
    plan = plan_of(fleet, [actual(GROUP, "a")])

    markdown = list(markdown_lines(plan, Look()))
    opened = markdown.index("```diff")
    closed = markdown.index("```", opened)
    assert not any("</details><b>" in line for line in markdown[:opened] + markdown[closed:])
    assert "\x1b" not in "\n".join(markdown) + text_of(plan)
    assert "x&lt;y&gt;" in "\n".join(markdown)


def test_names_stand_in_a_summary_as_they_are_and_signs_make_no_lists():
    changed = wanted(GROUP, "line_1", "my_fleet.yaml:1", {"foo": 1})
    gone = [actual(INDIVIDUAL, "pump_1")]
    plan = plan_of(Fleet(SCOPE, [changed]), [actual(GROUP, "line_1"), *gone], prune=True)

    markdown = list(markdown_lines(plan, Look()))

    assert "<details><summary>~ EnrollmentGroup line_1 my_fleet.yaml:1</summary>" in markdown
    assert "- \\- IndividualEnrollment pump\\_1 (in no file)" in markdown


def test_webhook_that_goes_is_shown_without_its_key():
    held = {"webhookUrl": "https://f.example/?code=s3cret", "apiVersion": "2021-10-01"}
    changed = wanted(GROUP, "a", "a.yaml:1", {"customAllocationDefinition": None})
    plan = plan_of(Fleet(Scope(), [changed]), [actual(GROUP, "a", customAllocationDefinition=held)])

    shown = text_of(plan) + json_of(plan) + "\n".join(markdown_lines(plan, Look()))

    assert '{"apiVersion": "2021-10-01", "webhookUrl": "***"} → none' in shown
    assert "s3cret" not in shown
