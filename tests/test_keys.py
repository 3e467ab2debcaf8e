import base64
import hashlib
import hmac
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl import keys

# Source of the first: Microsoft's concepts-symmetric-key-attestation.md; the second is the same
# key with the id in upper case, which an older page printed; the third is from the tests of
# azure-iot-cli-extension (an endorsement key, longer than a SHA-256 block).
DOCUMENTED_KEY = (
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
)
LONG_KEY = (Path(__file__).parent / "data" / "endorsement-key.txt").read_text().strip()
KNOWN_ANSWERS = [
    pytest.param(
        DOCUMENTED_KEY,
        "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
        "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=",
        id="documented",
    ),
    pytest.param(
        DOCUMENTED_KEY,
        "SN-007-888-ABC-MAC-A1-B2-C3-D4-E5-F6",
        "9GWVnYuoOLXlHc346XjhLRb9pKgIOrKSwxDRSOgnvXo=",
        id="upper-case",
    ),
    pytest.param(
        LONG_KEY,
        "myarbitrarydeviceId",
        "cT/EXZvsplPEpT//p98Pc6sKh8mY3kYgSxavHwMkl7w=",
        id="long-key",
    ),
]
DOCUMENTED_SIGNATURE = "SIumZ1ACqqPJZ2okHDlW9MSYKykEpqsQY3z6FMOICd4%3D"


@pytest.mark.parametrize(("group_key", "registration_id", "device_key"), KNOWN_ANSWERS)
def test_derived_key_is_the_published_one(group_key, registration_id, device_key):
    assert keys.derive_device_key(group_key, registration_id) == device_key


@given(st.binary(min_size=1, max_size=200), st.lists(st.text(max_size=200), max_size=5))
def test_many_derived_keys_are_what_hmac_gives(group_key, registration_ids):
    expected = [
        base64.b64encode(hmac.new(group_key, text.encode(), hashlib.sha256).digest()).decode()
        for text in registration_ids
    ]

    derived = keys.derive_device_keys(base64.b64encode(group_key).decode(), registration_ids)

    assert list(derived) == expected


def test_many_keys_are_derived_only_as_they_are_asked_for():
    asked = []

    derived = keys.derive_device_keys(
        DOCUMENTED_KEY, (asked.append(i) or f"device-{i}" for i in range(9))
    )
    next(derived)

    assert asked == [0]


def test_many_keys_refuse_a_bad_group_key_before_the_first_id():
    with pytest.raises(keys.KeyFormatError):
        keys.derive_device_keys("not base64", [])


@given(st.binary(min_size=1))
def test_decode_key_undoes_base64(key):
    assert keys.decode_key(base64.b64encode(key).decode()) == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("aA-_aA-_", "url-safe alphabet", id="url-safe"),
        pytest.param("aA-+aA+/", "url-safe alphabet", id="both-alphabets"),
        pytest.param("c2VjcmV0Cg=", "padding", id="short-padding"),
        pytest.param("c2VjcmV0Cg", "padding", id="no-padding"),
        pytest.param("c2Vj=cmV0", "padding", id="padding-inside"),
        pytest.param("c2VjcmV0", None, id="good"),
        pytest.param("c2Vj cmV0", "white space", id="space"),
        pytest.param("c2VjcmV0\n", "white space", id="line-break"),
        pytest.param("c2VjcmV!", "not base64", id="strange-letter"),
        pytest.param("schlüssel", "not base64", id="not-ascii"),
        pytest.param("c2VjcmV\udcff", "not base64", id="not-utf8"),
    ],
)
def test_decode_key_says_what_is_wrong(text, reason):
    said = refusal_of(text)

    assert said is reason or reason in said


@given(st.text(min_size=12))
def test_decode_key_never_repeats_the_key(text):
    assert text not in (refusal_of(text) or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'abc", True), ('abc"', True), ("\"abc'", True), ("'", True), ("a'c", False), ("", False)],
)
def test_quote_at_either_end_is_noticed(text, expected):
    assert keys.is_quoted(text) is expected


def refusal_of(key):
    try:
        keys.decode_key(key)
    except keys.KeyFormatError as error:
        return str(error)
    return None


def test_sas_token_is_the_one_azure_cli_makes_for_a_device():
    token = keys.sas_token(
        "iot-hub-for-test.azure-devices.net/devices/iot-device-for-test",
        "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=",
        1471940363,
    )

    assert token == (
        "SharedAccessSignature "
        "sr=iot-hub-for-test.azure-devices.net%2Fdevices%2Fiot-device-for-test"
        f"&sig={DOCUMENTED_SIGNATURE}&se=1471940363"
    )


def test_sas_token_is_the_one_azure_cli_makes_for_a_policy():
    token = keys.sas_token(
        "iot-hub-for-test.azure-devices.net",
        "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=",
        1471940363,
        "iothubowner",
    )

    assert token == (
        "SharedAccessSignature sr=iot-hub-for-test.azure-devices.net"
        "&sig=770sPjjYxRYpNz8%2FhEN7XR5XU5KDGYGTinSP8YyeTXw%3D&se=1471940363&skn=iothubowner"
    )


def test_name_of_a_policy_is_encoded_in_a_token():
    assert keys.sas_token("h", "a2V5", 1, "read/write all").endswith("&skn=read%2Fwrite%20all")


@given(st.from_regex(r"[a-zA-Z0-9\-._:]{0,127}[a-zA-Z0-9\-]", fullmatch=True))
def test_check_id_takes_every_documented_id(text):
    keys.check_id(text, "enrollment group id")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "the registration id is empty", id="empty"),
        pytest.param("a" * 129, "has 129 characters, 128 are allowed", id="too-long"),
        pytest.param("press 4", "' ' cannot be in a registration id", id="space"),
        pytest.param("déviçe", "'é' cannot be in a registration id", id="not-ascii"),
        pytest.param("a/b", "'/' cannot be in a registration id", id="slash"),
        pytest.param("a\udcff", "is no text in UTF-8", id="not-utf8"),
        pytest.param("\udc80a", "is no text in UTF-8", id="first-byte-beyond-ascii"),
        pytest.param("a\n", "'\\n' cannot be in a registration id", id="line-break"),
        pytest.param("press.", "not '.'", id="final-dot"),
        pytest.param("press_", "not '_'", id="final-underscore"),
        pytest.param("press:", "not ':'", id="final-colon"),
    ],
)
def test_check_registration_id_says_what_is_wrong(text, reason):
    with pytest.raises(keys.IdFormatError) as caught:
        keys.check_registration_id(text)

    assert reason in str(caught.value)


IDS = (
    st.text(st.sampled_from("aB0-._:\n é\udcff"), max_size=4)
    | st.just("a" * 128)
    | st.just("a" * 129)
)


@given(st.lists(IDS | st.from_regex(r"[a-z.]{0,5}[a-z]", fullmatch=True), max_size=4))
def test_many_ids_are_valid_when_each_one_is(ids):
    assert keys.ids_are_valid(ids) is all(is_taken(text) for text in ids)


@pytest.mark.parametrize("letter", string.printable)
def test_every_letter_is_judged_alike_alone_and_among_many(letter):
    for text in (f"a{letter}", f"a{letter}b"):
        assert keys.ids_are_valid(["a", text]) is is_taken(text)


def is_taken(text):
    try:
        keys.check_registration_id(text)
    except keys.IdFormatError:
        return False
    return True


@pytest.mark.parametrize(
    ("size", "warned"), [(1, True), (15, True), (16, False), (64, False), (65, True)]
)
def test_key_length_is_warned_about_outside_16_to_64_bytes(size, warned):
    warning = keys.key_length_warning(base64.b64encode(b"k" * size).decode())

    said = f"the key has {size} bytes; the service's keys have 16 to 64"
    assert warning == (said if warned else None)


@pytest.mark.parametrize(("registration_id", "warned"), [("press-4", False), ("Press-4", True)])
def test_upper_case_is_warned_about(registration_id, warned):
    warning = keys.upper_case_warning(registration_id)

    assert (warning is not None and registration_id in warning) is warned


def test_importing_keys_loads_nothing_slow():
    script = "import sys, dpsctl.keys; print(*sys.modules)"
    package_folder = {"PYTHONPATH": str(Path(keys.__file__).parents[1])}

    loaded = subprocess.check_output(
        [sys.executable, "-S", "-c", script], env=package_folder, text=True
    ).split()

    assert "dpsctl.keys" in loaded
    assert {"re", "typing", "base64", "hmac", "dataclasses", "urllib.parse"}.isdisjoint(loaded)
