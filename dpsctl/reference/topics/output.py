"""The topic of results: their forms, parts of them, and what else is written where."""

from __future__ import annotations

from collections.abc import Iterable

from dpsctl.reference.topics.options import options_under
from dpsctl.reference.topics.page import Section, Topic
from dpsctl.reference.tree import CommandPage

_SECTIONS = (
    Section(
        "Forms",
        "-o names one; DPSCTL_OUTPUT or a context's output sets it for all commands.",
        entries=(
            ("json, jsonc", "JSON, without or with colours."),
            ("jsonl", "One record a line, each as soon as it is there; memory stays flat."),
            ("yaml, yamlc", "YAML, without or with colours."),
            (
                "table",
                (
                    "For people: on a terminal ages (3m, 2d), defaults in parentheses, and no line"
                    " longer than it is wide; in a pipe every column, each value as it is. doctor,"
                    " audit and registration list --summary are tables on a terminal."
                ),
            ),
            ("wide", "The table with every column and nothing cut, as long as its lines are."),
            ("tsv", "Values alone, parted by tabs, in the order of the query: for scripts."),
            ("csv", "With a line of names first; every field, or those of the query."),
            ("name", "The ids alone, one a line: for xargs and --ids-from -."),
            ("env", "A record as NAME=VALUE lines, quoted for sh."),
            ("text, markdown", "What diff, apply and the like say, for people and for reviews."),
            ("none", "Nothing; the exit code tells."),
        ),
        examples=(
            "dpsctl enrollment-group list -o table",
            "dpsctl enrollment-group list -o wide --query \"[?attestation.type=='x509']\"",
            "dpsctl enrollment-group show --gid line-4 -o env",
            "dpsctl enrollment-group list -o name | head -n 1",
        ),
    ),
    Section(
        "Parts of a result",
        "--query is JMESPath over the whole result, checked before anything is sent. How to quote"
        " it: 'dpsctl help quoting'.",
        examples=(
            "dpsctl enrollment-group list --query '[].enrollmentGroupId' -o tsv",
            (
                "dpsctl enrollment-group list --query"
                " \"[?provisioningStatus=='disabled'].enrollmentGroupId\""
            ),
            "dpsctl enrollment-group show --gid line-4 --query '{id: enrollmentGroupId, e: etag}'",
        ),
    ),
    Section(
        "Watching",
        "list, show and registration list take --watch: a table is redrawn on a terminal, and marks"
        " what was added (+), changed (~) or removed (-) in the last minute. Elsewhere a change is"
        ' a line of JSON, {"change": "added", "record": {...}}, after what was there (listed).',
        examples=("dpsctl enrollment-group list --watch 10s | head -n 1",),
    ),
    Section(
        "What is written where",
        "Standard output has the result and nothing else, the same bytes on every system: UTF-8"
        " and LF. Warnings, progress, errors and traces go to standard error; progress and colours"
        " to a terminal only, as what is waited for: one line, once it takes long; it goes again."
        " A reader that stops early (head) ends dpsctl without a word.",
    ),
    Section(
        "Errors",
        "An error is one line, and a hint what to do. The exit code says its kind ('dpsctl help"
        " exit-codes'); --error-format json writes it as one JSON object.",
        examples=(
            "dpsctl enrollment-group show --gid no-such-line --error-format json || test $? -eq 3",
        ),
    ),
    Section(
        "Keys",
        "Symmetric keys are left out of every result unless --show-keys, or a --query that names"
        " one, asks for them. All secrets of a run are masked in errors and in --debug.",
        examples=(
            (
                "(umask 077; dpsctl enrollment-group show --gid line-4 --show-keys -o json"
                " > group.json)"
            ),
        ),
    ),
)


def output(pages: Iterable[CommandPage]) -> Topic:
    """Tell how results are shown, and list every option that says so."""
    return Topic(
        "output",
        "how results and errors are shown",
        "Every command takes these options, in front of its name or behind it.",
        sections=(*_SECTIONS, Section("Options", "", options_under("Output", pages))),
    )
