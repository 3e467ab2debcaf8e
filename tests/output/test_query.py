import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import DpsctlError, UsageError
from dpsctl.output.query import compile_query

ITEMS = [{"id": "a", "hubs": ["x", "y"]}, {"id": "b", "hubs": []}, {"id": "c"}]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[].foo)", "unexpected ')' at column 7", id="bracket"),
        pytest.param("foo bar", "unexpected 'bar' at column 5", id="two words"),
        pytest.param("a.[", "it ends too early at column 4", id="cut"),
        pytest.param("a[", "it ends too early at column", id="cut index"),
        pytest.param("", "it ends too early at column 1", id="empty"),
        pytest.param("a # b", "unexpected '#' at column 3", id="unknown character"),
        pytest.param("lenght(@)", "JMESPath has no function 'lenght'", id="unknown function"),
        pytest.param("[].{n: lenght(a)}", "no function 'lenght'", id="unknown function inside"),
        pytest.param("length()", "length() was given 0 arguments and takes 1", id="too few"),
        pytest.param("not_null()", "not_null() was given 0 arguments and takes at least 1", id="0"),
        pytest.param("'[].a'", "the whole of \"'[].a'\" is a quoted text", id="quoted"),
        pytest.param('"[].a"', "is a quoted text", id="double quotes"),
        pytest.param('`"a"`', "is a quoted text", id="literal"),
        pytest.param("(" * 20_000, "nested too deep", id="deep"),
        pytest.param("[" + "9" * 5000 + "]", "a number too long", id="digits"),
    ],
)
def test_query_that_cannot_work_is_refused_before_any_request(text, problem):
    with pytest.raises(UsageError) as failure:
        compile_query(text)

    assert failure.value.message.startswith("--query: ")
    assert problem in failure.value.message


@given(st.text(st.sampled_from("a.[]{}()*?@&|,:'\"0-9 <=>!#é\\")))
def test_any_text_is_a_query_or_a_usage_error(text):
    try:
        compile_query(text)
    except UsageError as error:
        assert error.message.startswith("--query: ")  # noqa: PT017 - either outcome is right


def test_search_says_what_does_not_fit_the_data():
    query = compile_query("length(id)")

    with pytest.raises(DpsctlError, match=r"--query: .*length\(\)") as failure:
        query.search({"id": 1})

    assert failure.value.exit_code == 1  # not 2: a request has been made


@pytest.mark.parametrize(
    ("text", "is_per_item"),
    [
        pytest.param("[].id", True, id="projection"),
        pytest.param("[*].hubs[]", True, id="flattened"),
        pytest.param("[?id=='b'].{i: id}", True, id="filter"),
        pytest.param("[].hubs[0]", True, id="index inside"),
        pytest.param("@", True, id="all"),
        pytest.param("[0]", False, id="index"),
        pytest.param("[:2].id", False, id="slice"),
        pytest.param("length(@)", False, id="function"),
        pytest.param("[].id | [0]", False, id="pipe"),
        pytest.param("sort_by(@, &id)[].id", False, id="sorted"),
        pytest.param("nothing", False, id="null"),
    ],
)
def test_stream_is_searched_item_by_item_only_where_the_answer_is_the_same(text, is_per_item):
    query = compile_query(text)

    whole = query.search(ITEMS)

    assert query.is_per_item is is_per_item
    wanted = whole if isinstance(whole, list) else [whole] if whole is not None else []
    assert list(query.search_each(iter(ITEMS))) == wanted


def test_filter_over_a_stream_keeps_nothing_back():
    def items():
        yield {"id": "a"}
        raise AssertionError

    assert next(compile_query("[?id].id").search_each(items())) == "a"
