import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.service.auth import ConnectionString, is_host

KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="
PARTS = {"HostName": "dps.example", "SharedAccessKeyName": "owner", "SharedAccessKey": KEY}
CASES = st.sampled_from([str.lower, str.upper, str.title, str.swapcase, str])
SPACES = st.text(" \t\n", max_size=3)


@st.composite
def spellings(draw):
    """Any order and case of the three parts, spaces around them, and a stray `;`."""
    parts = draw(st.permutations(list(PARTS.items())))
    spelled = [
        f"{draw(SPACES)}{draw(CASES)(name)}{draw(SPACES)}={draw(SPACES)}{value}{draw(SPACES)}"
        for name, value in parts
    ]
    return ";".join(spelled) + draw(st.sampled_from(["", ";", " ; ", ";;"]))


@given(spellings())
def test_connection_string_is_read_however_it_is_spelled(text):
    assert ConnectionString.parse(text, "--login") == ConnectionString("dps.example", "owner", KEY)


@given(spellings(), st.sampled_from(sorted(PARTS)))
def test_missing_part_is_named(text, missing):
    kept = [
        part
        for part in text.split(";")
        if part.partition("=")[0].strip().lower() != missing.lower()
    ]

    with pytest.raises(UsageError, match=f"^--login: the connection string has no {missing}$"):
        ConnectionString.parse(";".join(kept), "--login")


@given(st.text("aZ9=;: \u00e9HostName", max_size=60))
def test_any_other_text_is_refused_without_repeating_it(text):
    with pytest.raises(UsageError) as refused:
        ConnectionString.parse(text + KEY, "DPSCTL_LOGIN")

    assert refused.value.message.startswith("DPSCTL_LOGIN")
    assert KEY[:10] not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "has no HostName", id="empty"),
        pytest.param("dps.example", "is not a connection string", id="host-alone"),
        pytest.param("HostName=h;HostName=h2", "HostName stands there twice", id="twice"),
        pytest.param(
            f"HostName=h;DeviceId=d;SharedAccessKey={KEY}", "no part 'DeviceId'", id="device"
        ),
        pytest.param(f"HostName=h;Secret{KEY}", "no part of that name", id="unknown"),
        pytest.param(
            f"HostName=;SharedAccessKeyName=o;SharedAccessKey={KEY}", "has no HostName", id="blank"
        ),
        pytest.param(
            "HostName=h;SharedAccessKeyName=o;SharedAccessKey=YQ",
            "SharedAccessKey is no key",
            id="key-of-bad-padding",
        ),
        pytest.param(
            f"HostName=https://h;SharedAccessKeyName=o;SharedAccessKey={KEY}",
            "is not a host name",
            id="url",
        ),
        pytest.param(
            f"HostName=h\ni;SharedAccessKeyName=o;SharedAccessKey={KEY}",
            "is not a host name",
            id="line-break",
        ),
    ],
)
def test_what_is_wrong_with_a_connection_string_is_said(text, said):
    with pytest.raises(UsageError, match=said):
        ConnectionString.parse(text, "--login")


def test_key_does_not_show_in_the_repr():
    assert KEY not in repr(ConnectionString("h", "p", KEY))


@pytest.mark.parametrize(
    "host",
    [
        "a",
        "my-dps.azure-devices-provisioning.net",
        "127.0.0.1:8443",
        "[::1]:443",
        "localhost",
        "a_b.example.",
        "x" * 63 + ".example",
    ],
)
def test_host_is_accepted(host):
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "*",
        "a b",
        "a/b",
        "u@h",
        "h:70000",
        "h:x",
        "h:",
        "[",
        "x" * 64,
        "gr\u00fcn.example",
        "a." * 130 + "b",
        "h?q",
        "h#f",
    ],
)
def test_what_is_no_host_is_refused(host):
    assert not is_host(host)
