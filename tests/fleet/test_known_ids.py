"""`--known`: what an earlier batch left behind, in whatever form."""

import pytest

from dpsctl.errors import UsageError
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.known_ids import read_known

KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
SERIAL = IdRule(template="d{serial}")


def read(text, rule):
    return list(read_known([text], "old", rule))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param("d1\nd2\n", IdRule(), id="list"),
        pytest.param("d1\nd2\n", SERIAL, id="list of ids, whatever makes them now"),
        pytest.param('["d1",\n"d2"]', IdRule(), id="array"),
        pytest.param(f"d1\t{KEY}\nd2\t{KEY}\n", IdRule(), id="tsv"),
        pytest.param(
            f"d1\tHostName=h;DeviceId=d1;SharedAccessKey={KEY}\nd2\tx\n", IdRule(), id="hub"
        ),
        pytest.param(f"d1\t{KEY}\t\nd2\t{KEY}\t\nb d\t\tbad\n", IdRule(), id="tsv, rows kept"),
        pytest.param('{"registrationId":"d1"}\n{"registrationId":"d2"}', IdRule(), id="jsonl"),
        pytest.param('{"serial":1}\n{"serial":"2"}', SERIAL, id="jsonl of serial numbers"),
    ],
)
def test_ids_are_found_in_what_was_read_or_written(text, rule):
    assert read(text, rule) == [(1, "d1"), (2, "d2")]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(f"registrationId,key\nd1,{KEY}\nd2,{KEY}\n", IdRule(), id="csv"),
        pytest.param("registrationId\nd1\nd2\n", IdRule(), id="one column"),
        pytest.param("site;name\neu;d1\nus;d2\n", IdRule("name"), id="its column"),
        pytest.param("site;serial\neu;1\nus;2\n", SERIAL, id="its template"),
        pytest.param("serial,registrationId\n8,d1\n9,d2\n", SERIAL, id="written before made"),
        pytest.param(
            "name,key,error\nd1,k,\nd2,k,\nd3,,line 4: is bad\n", IdRule("name"), id="rows kept"
        ),
    ],
)
def test_ids_are_found_in_tables(text, rule):
    assert read(text, rule) == [(2, "d1"), (3, "d2")]


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        pytest.param("a,b\n1,2\n", IdRule(), "--known: old:2: has no 'registrationId'", id="table"),
        pytest.param("name\nd1\nx,y\n", IdRule("name"), "--known: old:3: has 2 cells", id="row"),
        pytest.param('{"a":1}', SERIAL, "--known: old:1: has no 'serial'", id="json"),
        pytest.param("serial\nd1\n", IdRule(), "old:1: 'serial' is the name", id="header"),
    ],
)
def test_what_could_hide_a_duplicate_is_refused(text, rule, said):
    with pytest.raises(UsageError) as caught:
        read(text, rule)

    assert caught.value.message.startswith(said)


@pytest.mark.parametrize("text", ["", "\n", "[]", "registrationId,key\n"])
def test_nothing_was_known(text):
    assert read(text, IdRule()) == []
