"""Who may call, and who may not."""

import base64
import re

import pytest

from dpsctl.emulator.access.tokens import read_token
from dpsctl.emulator.answers import Refusal

KEY = base64.b64encode(b"0123456789abcdef").decode()
GROUP = "/enrollmentGroups/g1"


def status_with(api, token):
    answer = api("GET", GROUP, headers={"Authorization": token})
    return answer.status_code


@pytest.mark.usefixtures("create_group")
def test_any_host_may_be_named_as_long_as_it_is_what_was_signed(api, emulator, sas):
    token = sas("elsewhere.azure-devices-provisioning.net", emulator.policy_key)

    assert status_with(api, token) == 404


@pytest.mark.parametrize(
    "resource", ["127.0.0.1:1", "a%3ab", "a%3Ab"], ids=["raw", "lower", "upper"]
)
def test_resource_is_verified_as_sent(api, emulator, sas, resource):
    token = sas("", emulator.policy_key, resource=resource)

    assert status_with(api, token) == 404


def test_order_of_parameters_and_case_of_percent_signs_do_not_matter(api, emulator, sas):
    scheme, _, rest = sas(emulator.host, emulator.policy_key).partition(" ")
    parts = sorted(rest.split("&"), reverse=True)
    parts = [
        re.sub("%..", lambda sign: sign[0].lower(), part) if part[:3] == "sig" else part
        for part in parts
    ]

    assert status_with(api, f"{scheme} {'&'.join(parts)}") == 404


def test_wrong_key_is_401(api, emulator, sas):
    answer = api("GET", GROUP, headers={"Authorization": sas(emulator.host, KEY)})

    assert (answer.status_code, answer.json()["errorCode"]) == (401, 401002)
    assert answer.headers["x-ms-error-code"] == "401002"


def test_expired_token_is_401(api, emulator, sas):
    assert status_with(api, sas(emulator.host, emulator.policy_key, expires_in=-1)) == 401


def test_unknown_policy_is_401(api, emulator, sas):
    assert status_with(api, sas(emulator.host, emulator.policy_key, policy="nobody")) == 401


def test_resource_that_was_changed_after_signing_is_401(api, emulator, sas):
    token = sas("a", emulator.policy_key).replace("sr=a", "sr=b")

    assert status_with(api, token) == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer eyJ0",
        "SharedAccessSignature",
        "SharedAccessSignature sr=a&sig=b",
        "SharedAccessSignature sr=a&sig=YQ==&se=soon&skn=p",
        "SharedAccessSignature sr=a&sig=YQ==&se=²&skn=p",
        f"SharedAccessSignature sr=a&sig=YQ==&se={'9' * 5000}&skn=p",
        "SharedAccessSignature sr=&sig=YQ==&se=99999999999&skn=p",
        "SharedAccessSignature sr=a&sig=%C3%A9&se=99999999999&skn=p",
    ],
)
def test_what_is_no_token_is_refused(header):
    with pytest.raises(Refusal) as refused:
        read_token(header)

    assert refused.value.code == 401002


def test_policy_may_do_only_what_its_rights_say(start, caller, group_body):
    reader = start(policies=(("reader", frozenset({"EnrollmentRead"})),))
    send = caller(reader, policy="reader")

    assert send("GET", GROUP).status_code == 404
    assert send("PUT", GROUP, group_body()).status_code == 403
    assert send("GET", "/registrations/d1").status_code == 403
    assert "SharedAccessKeyName=reader;" in reader.connection_string_of("reader")
