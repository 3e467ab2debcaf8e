import base64
import json
import timeit
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.masking import Masker, mask_keys

KEY = "p/3+kZ8/q+w/AbCdEf0123456789+/yz=="


@pytest.fixture
def masker():
    masker = Masker()
    masker.add(KEY)
    return masker


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(KEY, id="plain"),
        pytest.param(quote(KEY, safe=""), id="url"),
        pytest.param(quote(KEY), id="url path"),
        pytest.param(quote_plus(KEY), id="form"),
        pytest.param(KEY.replace("/", "%2f").replace("+", "%2b").replace("=", "%3d"), id=".NET"),
        pytest.param(json.dumps(KEY).replace("/", r"\/"), id="json of PHP"),
        pytest.param(json.dumps(KEY).replace("+", r"\u002B"), id="json of .NET"),
        pytest.param(json.dumps(KEY).replace("+", r"\u002b"), id="json of others"),
        pytest.param(base64.b64encode(KEY.encode()).decode(), id="base64"),
    ],
)
def test_registered_secret_is_masked_in_every_spelling(masker, spelling):
    masked = masker.mask(f"before {spelling} after")

    assert spelling.strip('"') not in masked
    assert masked.replace('"', "") == "before *** after"


def test_quotes_and_line_ends_of_a_secret_are_masked_inside_json():
    masker = Masker()
    masker.add('pass"word\nsecond é')

    assert masker.mask(json.dumps({"a": 'pass"word\nsecond é'})) == '{"a": "***"}'
    written = json.dumps({"a": 'pass"word\nsecond é'}, ensure_ascii=False)
    assert masker.mask(written) == '{"a": "***"}'


def test_blanks_and_slashes_of_a_secret_are_masked_inside_a_url():
    masker = Masker()
    masker.add("pass word/2")

    assert masker.mask("http://u:pass%20word%2F2@proxy") == "http://u:***@proxy"


def test_secret_that_is_no_text_is_masked_too():
    masker = Masker()
    masker.add("pass\udcffword")

    assert masker.mask("u:pass\udcffword@") == "u:***@"


def test_text_that_begins_as_a_secret_does_is_left_alone(masker):
    assert masker.mask(f"{KEY[:-5]} and {KEY[:4]}") == f"{KEY[:-5]} and {KEY[:4]}"


def test_secrets_that_touch_are_two():
    masker = Masker()
    masker.add("abcd")
    masker.add("efgh")

    assert masker.mask("abcdefgh") == "******"


def test_longest_secret_is_masked_first():
    masker = Masker()
    masker.add("abcd")
    masker.add("abcdefgh")

    assert masker.mask("abcdefgh abcd") == "*** ***"


def test_secrets_that_overlap_leave_nothing_of_each_other():
    masker = Masker()
    masker.add("abcd")
    masker.add("cdefgh")

    assert masker.mask("x abcdefgh y") == "x *** y"


def test_twenty_thousand_secrets_cost_a_line_no_more_than_one():
    few, many = Masker(), Masker()
    few.add(KEY)
    for number in range(20_000):
        many.add(base64.b64encode(number.to_bytes(32, "big", signed=False)[::-1]).decode())
    line = "PUT https://my-dps.azure-devices-provisioning.net/enrollments/pump-0001 " * 20

    def cost_of(masker):
        return min(timeit.repeat(lambda: masker.mask(line), number=20, repeat=3))

    assert cost_of(many) < 20 * cost_of(few)  # looking for each alone took 1,000 times as long


def test_secret_added_after_the_first_masking_is_masked_too(masker):
    masker.mask("something")
    masker.add("another-secret")

    assert masker.mask("another-secret") == "***"


@pytest.mark.parametrize("short", ["", "a", "key", "  a "])
def test_short_secret_does_not_blank_out_the_text(masker, short):
    masker.add(short)

    encoded = base64.b64encode(short.strip().encode()).decode()
    assert masker.mask(f"a key in a text {encoded}") == f"a key in a text {encoded}"


@given(st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4 and "*" not in text))
def test_no_secret_survives_in_text_or_json(secret):
    masker = Masker()
    masker.add(secret)

    for text in (f"<{secret}>", json.dumps({"key": secret}), quote(secret.encode(), safe="")):
        assert secret.strip() not in masker.mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param(
            "HostName=h;SharedAccessKeyName=owner;SharedAccessKey=abc+/d==;x=1",
            "HostName=h;SharedAccessKeyName=owner;SharedAccessKey=***;x=1",
            id="connection string",
        ),
        pytest.param(
            "SharedAccessSignature sr=h&sig=ab%2Bc%3D&se=1&skn=o",
            "SharedAccessSignature sr=h&sig=***&se=1&skn=o",
            id="sas",
        ),
        pytest.param("https://f/api?code=s3cret&x=1", "https://f/api?code=***&x=1", id="webhook"),
        pytest.param("errorCode=400004 code=3", "errorCode=400004 code=3", id="other codes"),
        pytest.param("Bearer eyJ0eXAiOiJKV1QiLCJhbGci.x", "Bearer ***", id="token"),
        pytest.param("a Bearer token is missing", "a Bearer token is missing", id="the word"),
        pytest.param('{"u":"x?sig=a\\u002Bb\\"c"}', '{"u":"x?sig=***\\"c"}', id="inside json"),
        pytest.param(
            "a -----BEGIN EC PRIVATE KEY-----\nMII\n-----END EC PRIVATE KEY----- b",
            "a -----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY----- b",
            id="private key",
        ),
        pytest.param(
            "-----BEGIN PRIVATE KEY-----\nMII",
            "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----",
            id="cut private key",
        ),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\nMII", "-----BEGIN CERTIFICATE-----\nMII", id="certificate"
        ),
    ],
)
def test_what_looks_secret_is_masked_without_being_registered(text, masked):
    assert Masker().mask(text) == masked


def test_fields_are_masked_by_name_in_a_copy(masker):
    body = {
        "attestation": {"symmetricKey": {"primaryKey": "x", "secondaryKey": None}},
        "tpm": {"endorsementKey": "e", "storageRootKey": ""},
        "Authorization": "SharedAccessSignature sr=h&sig=s d",
        "list": [{"token": "t"}, KEY, 7, {"authorization": "t"}, {"authorization": ["t"]}],
        "pair": {"password": "two words", "secret": 1234, "sig": {"sr": "h"}},
        "webhookUrl": "https://f?code=c",
        "primaryKeyName": "kept",
    }

    assert masker.mask_fields(body) == {
        "attestation": {"symmetricKey": {"primaryKey": "***", "secondaryKey": None}},
        "tpm": {"endorsementKey": "***", "storageRootKey": ""},
        "Authorization": "SharedAccessSignature ***",
        "list": [{"token": "***"}, "***", 7, {"authorization": "***"}, {"authorization": "***"}],
        "pair": {"password": "***", "secret": "***", "sig": "***"},
        "webhookUrl": "https://f?code=***",
        "primaryKeyName": "kept",
    }
    assert body["tpm"]["endorsementKey"] == "e"


@given(st.sampled_from([16, 32, 64]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_key_is_masked_by_its_look_alone(key):
    text = base64.b64encode(key).decode()

    assert mask_keys(f"--tags: bad at column 8: '{{\"k\":{text}}}'") == (
        "--tags: bad at column 8: '{\"k\":***}'"
    )


@pytest.mark.parametrize(
    "text",
    [
        "--cp /home/somebody/certificates/intermediate.pem: cannot read the file",
        "--set customAllocationDefinition=oops: an object is wanted",
        "HostName=..., SharedAccessKeyName=... and SharedAccessKey=*** with ';' between.",
        "'dpsctl enrollment-group registration list --help' lists what it takes.",
        "--gid an-id-of-128-characters-that-somebody-has-typed-into-a-terminal",
    ],
)
def test_text_that_looks_like_no_key_is_left_alone(text):
    assert mask_keys(text) == text
