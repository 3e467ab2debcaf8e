import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.text.lines import UNREADABLE, beginning, decoded, lines_of

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


def read(data, size=1 << 16):
    stream = io.BytesIO(data)
    return "".join(decoded(lambda: stream.read(size)))


@given(
    st.lists(WORDS, min_size=1),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 5),
)
def test_text_is_the_same_in_every_encoding_line_end_and_piece(lines, encoding, ending, size):
    data = "".join(f"{line}{ending}" for line in ["id", *lines]).encode(encoding)

    assert read(data, size) == "".join(f"{line}\n" for line in ["id", *lines])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_by_its_zeros(encoding):
    assert read("dev-1\r\ndev-2".encode(encoding)) == "dev-1\ndev-2"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"\xef\xbb\xbf", "", id="mark alone"),
        pytest.param(b"\xff\xfe\0\0" + "a".encode("utf-32-le"), "a", id="longest mark"),
        pytest.param(b"a\n\xe9\nb", f"a\n{UNREADABLE}\nb", id="latin-1"),
        pytest.param(b"ab\xc3", f"ab{UNREADABLE}", id="cut off"),
        pytest.param("ab".encode("utf-16") + b"c", f"ab{UNREADABLE}", id="cut off in UTF-16"),
        pytest.param(b"\xff\xfea\0\0\xd8b\0", f"a{UNREADABLE}b", id="half a pair"),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 16])
def test_bytes_that_are_no_text_spoil_no_others(data, text, size):
    assert read(data, size) == text


def test_text_comes_as_it_arrives():
    pieces = decoded(iter([b"dev-1\n", b"dev-2\n", b""]).__next__)

    assert next(pieces) == "dev-1\n"


@given(st.lists(st.text("a\n", max_size=4)))
def test_lines_are_those_of_the_whole_text(pieces):
    lines = [line for batch in lines_of(pieces, "f") for line in batch]

    text = "".join(pieces)
    assert lines == text.removesuffix("\n").split("\n") * bool(text)


def test_line_without_an_end_is_refused_before_memory_is_full():
    endless = iter(lambda: "x" * (1 << 20), None)

    with pytest.raises(UsageError, match=r"^ids.txt: a line has more than"):
        list(lines_of(endless, "ids.txt"))


@given(st.lists(st.text(" \n{a", max_size=3)))
def test_beginning_takes_nothing_away(pieces):
    first, rest = beginning(pieces)

    assert "".join(rest) == "".join(pieces)
    assert first == "".join(pieces).lstrip()[:1]
