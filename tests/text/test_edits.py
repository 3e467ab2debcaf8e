"""One value of a YAML text changed, by known answers and by what a reader of YAML finds then."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.text.documents import dump, read_document
from dpsctl.text.edits import edited

MINE = """\
# mine
contexts:
  # the factory
  factory: # of 1998
    dps_name: my-dps  # its name
    # the group
    resource_group: g

  lab: {dps_name: x, auth_type: key}
  told: >-
    by nobody
# the end
current_context: factory
"""


def changed(text, *keys, value=None):
    """Set what *keys* lead to, or remove it, as the command would."""
    before = read_document(text, "") or {}
    after = read_document(text, "") or {}
    inside = after
    for key in keys[:-1]:
        inside[key] = inside = inside.get(key) or {}
    if value is None:
        del inside[keys[-1]]
    else:
        inside[keys[-1]] = value
    return edited(text, before, after)


@pytest.mark.parametrize(
    ("keys", "value", "old", "new"),
    [
        pytest.param("contexts factory dps_name", "b", "my-dps  #", "b  #", id="a value"),
        pytest.param(
            "contexts factory output", "table", " g\n", " g\n    output: table\n", id="a new one"
        ),
        pytest.param("contexts lab output", "no", "key}", 'key, output: "no"}', id="in one line"),
        pytest.param("contexts lab auth_type", None, ", auth_type: key", "", id="out of one line"),
        pytest.param("contexts lab dps_name", None, "dps_name: x, ", "", id="the first of one"),
        pytest.param(
            "contexts factory dps_name", None, "    dps_name: my-dps  # its name\n", "", id="a line"
        ),
        pytest.param("contexts told", "a: b", ">-\n    by nobody", '"a: b"', id="several lines"),
        pytest.param("current_context", None, "current_context: factory\n", "", id="at the top"),
        pytest.param("contexts new", {}, "# the end", "  new: {}\n# the end", id="an empty one"),
        pytest.param(
            "contexts new a",
            ["x", "y z"],
            "# the end",
            '  new:\n    a: ["x", "y z"]\n# the end',
            id="two levels",
        ),
    ],
)
def test_nothing_else_of_the_text_changes(keys, value, old, new):
    assert old in MINE

    assert changed(MINE, *keys.split(), value=value) == MINE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a:\n  b: c\n"),
        ("# nothing yet\r\n", "# nothing yet\r\na:\r\n  b: c\r\n"),
        ("a:\n", "a: {b: c}\n"),
        ("x: y", "x: y\na:\n  b: c\n"),
        ('{"x": "y"}', '{"x": "y", a: {b: c}}'),
    ],
)
def test_a_text_that_holds_little_gets_it_too(text, expected):
    assert changed(text, "a", "b", value="c") == expected


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        pytest.param("a: &x {b: c}\nd: *x\n", ("d", "b"), "e", id="an alias"),
        pytest.param("a: &x {b: c}\nd: {<<: *x, e: f}\n", ("d", "b"), None, id="merged"),
        pytest.param("a: &x {b: c}\nd: *x\n", ("a",), None, id="an anchor"),
    ],
)
def test_what_cannot_be_changed_in_its_place_is_refused(text, keys, value):
    with pytest.raises(UsageError, match="without rewriting"):
        changed(text, *keys, value=value)


NAMES = st.text(min_size=1, max_size=6) | st.sampled_from(["yes", "null", "1e3", "0x1", "a b", "~"])
SETTINGS = st.dictionaries(NAMES, NAMES | st.lists(NAMES, max_size=2), max_size=3)
CONTENTS = st.dictionaries(NAMES, NAMES | SETTINGS, max_size=3)


def block(data):
    return dump(data) if data else ""


def flow(data):
    return yaml.safe_dump(data, default_flow_style=True, allow_unicode=True)


def is_read_as(text, data):
    """Tell whether PyYAML's own flow style, which is YAML 1.1 and leaves NaN bare, is ours too."""
    with suppress(UsageError):
        return (read_document(text, "") or {}) == data
    return False


@given(CONTENTS, CONTENTS, st.sampled_from([block, flow]))
def test_any_text_says_afterwards_what_it_shall(before, after, write):
    text = write(before)
    assume(is_read_as(text, before))

    assert (read_document(edited(text, before, after), "") or {}) == after
