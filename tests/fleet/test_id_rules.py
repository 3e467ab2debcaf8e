"""Serial numbers in, registration ids out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.registration_ids import read_ids


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("pump-{serial:0>6}", "pump-0000A7"),
        ("pump-{serial:06}", "pump-0000A7"),
        ("pump-{serial:06d}", "pump-0000A7"),
        ("{site}-{serial}-{site}", "eu-A7-eu"),
        ("{{{serial:->4}}}", "{--A7}"),
        ("{serial number:_<4}", "9___"),
        ("{n:0>3}", "007"),
    ],
)
def test_template_puts_columns_together(template, made):
    values = {"serial": "A7", "site": "eu", "serial number": "9", "n": 7}

    assert IdRule(template=template).id_of(values) == made


@given(st.integers(0, 10**9), st.integers(1, 12))
def test_number_is_filled_up_as_numbers_are(number, width):
    rule = IdRule(template=f"d{{n:0>{width}}}")

    assert rule.id_of({"n": str(number)}) == f"d{number:0{width}}"


def test_ids_may_be_made_lower_case():
    assert IdRule("mac", lower=True).id_of({"mac": "AA-BB"}) == "aa-bb"
    assert IdRule(template="X-{mac}", lower=True).id_of({"mac": "AA"}) == "x-aa"


@pytest.mark.parametrize(
    ("values", "problem"),
    [({}, "has no 'a'"), ({"a": None}, "has no 'a'"), ({"a": 1.5}, "'a' is no text")],
)
def test_row_that_lacks_a_column_has_no_id(values, problem):
    with pytest.raises(ValueError, match=problem):
        IdRule(template="{a}").id_of(values)


@pytest.mark.parametrize(
    "template",
    [
        *("pump", "", "{}", "{0!r}", "{serial", "serial}", "{serial:d}", "{serial:{n}}"),
        pytest.param("{serial!s}", id="conversion"),
    ],
)
def test_template_that_names_no_column_as_it_should_is_refused(template):
    with pytest.raises(UsageError, match=r"^--id-template ") as caught:
        IdRule(template=template)

    assert "'pump-{serial:0>6}'" in caught.value.hint


def test_template_reads_no_attribute_of_a_column():
    with pytest.raises(ValueError, match=r"has no 'a\.__class__'"):
        IdRule(template="{a.__class__}").id_of({"a": "x"})


def test_field_and_template_exclude_each_other():
    with pytest.raises(UsageError, match="--id-field and --id-template"):
        IdRule("a", "{a}")


def read(text, **rule):
    ids = read_ids([text], "f", IdRule(**rule))
    return [text for chunk in ids.chunks for text in chunk.ids], ids.columns


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("7\n8\n", ["serial"], id="list"),
        pytest.param("serial\n7\n8\n", ["serial"], id="table of one column"),
        pytest.param("site;serial\neu;7\nus;8\n", ["site", "serial"], id="table"),
        pytest.param("sep=;\nsite;serial\neu;7\nus;8\n", ["site", "serial"], id="separator said"),
        pytest.param('[{"serial": 7}, {"serial": "8"}]', None, id="json"),
    ],
)
def test_template_takes_a_list_and_a_table(text, columns):
    assert read(text, template="p{serial:0>2}") == (["p07", "p08"], columns)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("A\nB\n", {}),
        ('["A","B"]', {}),
        ("id,x\nA,1\nB,2\n", {"field": "id"}),
        ("x;id\n1;A\n2;B\n", {"template": "{id}"}),
    ],
)
def test_every_file_may_be_made_lower_case(text, rule):
    assert read(text, lower=True, **rule)[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site,serie\neu,7\n", "--id-template, serial: f has no such column"),
        ("Serial-Number\n7\n", "f:1: 'Serial-Number' is the name of a column"),
    ],
)
def test_header_without_the_column_is_noticed(text, said):
    with pytest.raises(UsageError) as caught:
        read(text, template="p{serial}")

    assert caught.value.message.startswith(said)
