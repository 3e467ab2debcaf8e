import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.manifests.changes import (
    MISSING,
    changes_type,
    field_changes,
    merged,
    new_record,
)
from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS
from dpsctl.payloads.comparison import is_same

KEYS = [base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abcdef"]
PRINTS = [letter * 64 for letter in "ABCDEF"]
HUBS = [
    "a.azure-devices.net",
    "A.azure-devices.net",
    "b.device.azure-devices.net",
    "b.azure-devices.net",
    "c.service.azure-devices.net",
]
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 7, "x", ""])
DATA = st.recursive(
    SCALARS,
    lambda part: (
        st.lists(part, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "version", "count"]), part, max_size=2)
    ),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "version"]), DATA, max_size=2)


def maybe(**members):
    """Objects with any of *members*, each absent, null or a value."""
    fields = {name: st.none() | value for name, value in members.items()}
    return st.fixed_dictionaries({}, optional=fields)


def slots(values):
    return st.none() | maybe(primary=values, secondary=values)


INFO = st.sampled_from(PRINTS).map(lambda text: {"info": {"sha256Thumbprint": text}})
NAMES = st.sampled_from(["ca-1", "ca-2"])


def x509(certificates):
    either = {certificates: slots(INFO | st.just({})), "caReferences": slots(NAMES)}
    return maybe(**either)


def attestations(certificates, *, is_wanted):
    """Attestations of one type; a wanted one may leave out anything but the type."""
    keys = maybe(primaryKey=st.sampled_from(KEYS), secondaryKey=st.sampled_from(KEYS))
    if not is_wanted:
        keys = st.fixed_dictionaries(
            {"primaryKey": st.sampled_from(KEYS), "secondaryKey": st.sampled_from(KEYS)}
        )
    by_key = st.fixed_dictionaries({"type": st.just("symmetricKey"), "symmetricKey": keys})
    by_certificate = st.fixed_dictionaries({"type": st.just("x509"), "x509": x509(certificates)})
    return by_key | by_certificate


def bodies(id_field, certificates, *, is_wanted):
    """Records as a manifest may have them, or, if not *is_wanted*, as a service may show them."""
    required = {id_field: st.sampled_from(["line-4", "LINE-4"])}
    proof = attestations(certificates, is_wanted=is_wanted)
    if not is_wanted:
        required["attestation"] = proof
    optional = {
        "provisioningStatus": st.sampled_from([None, "enabled", "disabled"]),
        "capabilities": st.none() | maybe(iotEdge=st.booleans(), other=DATA),
        "reprovisionPolicy": st.none()
        | maybe(updateHubAssignment=st.booleans(), migrateDeviceData=st.booleans()),
        "allocationPolicy": st.sampled_from([None, "hashed", "static", "geoLatency"]),
        "iotHubs": st.none() | st.lists(st.sampled_from(HUBS), max_size=3),
        "initialTwin": st.none()
        | maybe(tags=OBJECTS, properties=st.none() | maybe(desired=OBJECTS, other=DATA)),
        "customAllocationDefinition": st.none()
        | maybe(webhookUrl=st.sampled_from(["https://a", "https://b"]), apiVersion=NAMES),
        "optionalDeviceInformation": st.none() | OBJECTS,
        "foo": DATA,
        "etag": st.just("an etag"),
        "createdDateTimeUtc": st.just("2026-01-01T00:00:00Z"),
    }
    if is_wanted:
        optional["attestation"] = proof
    return st.fixed_dictionaries(required, optional=optional)


K, L = KEYS[:2]
T, S = "A" * 64, "B" * 64


def changed(wanted, actual, *, exact=False, kind=GROUP):
    """The paths that must change, each with what there is then."""
    changes = field_changes(kind, wanted, actual, exact=exact)
    return {".".join(one.path): None if one.after is MISSING else one.after for one in changes}


def by_key(**keys):
    return {"attestation": {"type": "symmetricKey", "symmetricKey": keys}}


def by_certificate(**slots):
    certificates = {
        slot: print_ and {"info": {"sha256Thumbprint": print_}} for slot, print_ in slots.items()
    }
    return {"attestation": {"type": "x509", "x509": {"signingCertificates": certificates}}}


def twin(**parts):
    return {"initialTwin": parts}


WEBHOOK = {"webhookUrl": "https://f/?code=1", "apiVersion": "2019-03-31"}


@pytest.mark.parametrize(
    ("wanted", "actual", "changes"),
    [
        pytest.param({"provisioningStatus": "enabled"}, {}, {}, id="enabled, absent"),
        pytest.param(
            {"provisioningStatus": "enabled"}, {"provisioningStatus": None}, {}, id="enabled, null"
        ),
        pytest.param(
            {"provisioningStatus": None},
            {"provisioningStatus": "disabled"},
            {"provisioningStatus": None},
            id="null, disabled",
        ),
        pytest.param({"capabilities": {"iotEdge": False}}, {}, {}, id="no edge, absent"),
        pytest.param({"capabilities": None}, {"capabilities": {"iotEdge": False}}, {}, id="frame"),
        pytest.param(
            {"reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True}},
            {},
            {
                "reprovisionPolicy.updateHubAssignment": True,
                "reprovisionPolicy.migrateDeviceData": True,
            },
            id="no policy is not migrate",
        ),
        pytest.param({"iotHubs": ["B.x", "a.x"]}, {"iotHubs": ["a.x", "b.x"]}, {}, id="hubs"),
        pytest.param(
            {"iotHubs": ["h.azure-devices.net"]},
            {"iotHubs": ["h.device.azure-devices.net", "H.service.azure-devices.net"]},
            {},
            id="three names of one hub",
        ),
        pytest.param({"iotHubs": None}, {"iotHubs": ["a.x"]}, {"iotHubs": None}, id="no hubs"),
        pytest.param({"iotHubs": []}, {}, {}, id="hubs empty"),
        pytest.param(
            {"allocationPolicy": None},
            {"allocationPolicy": "hashed"},
            {"allocationPolicy": None},
            id="no policy is not hashed",
        ),
        pytest.param(
            twin(tags={"a": 1}),
            twin(tags={"a": True}),
            {"initialTwin.tags": {"a": 1}},
            id="1, true",
        ),
        pytest.param(twin(tags={"a": 1}), twin(tags={"a": 1.0}), {}, id="1, 1.0"),
        pytest.param(
            twin(tags={"a": 1}),
            twin(tags={"a": 1, "b": 2}),
            {"initialTwin.tags": {"a": 1}},
            id="written is whole",
        ),
        pytest.param(
            twin(tags={"a": None}),
            twin(tags={}),
            {"initialTwin.tags": {"a": None}},
            id="null inside is data",
        ),
        pytest.param(twin(tags={}), {}, {}, id="empty tags"),
        pytest.param(
            twin(tags={"a": 1, "$version": 1}),
            twin(tags={"a": 1, "$metadata": {}}),
            {},
            id="marks of the service in a twin",
        ),
        pytest.param(
            twin(properties={"desired": {"a": [1, 2]}}),
            twin(properties={"desired": {"a": [2, 1]}}),
            {"initialTwin.properties.desired": {"a": [1, 2]}},
            id="list order",
        ),
        pytest.param(
            {"initialTwin": None}, twin(tags={"a": 1}), {"initialTwin": None}, id="no twin"
        ),
        pytest.param(by_key(primaryKey=K), by_key(primaryKey=K, secondaryKey=L), {}, id="one key"),
        pytest.param(
            {"customAllocationDefinition": {"apiVersion": "2021-10-01"}},
            {"customAllocationDefinition": WEBHOOK},
            {"customAllocationDefinition.apiVersion": "2021-10-01"},
            id="webhook's version",
        ),
        pytest.param(
            {"foo": {"x": 1}}, {"foo": {"x": 1, "y": 2}}, {"foo": {"x": 1}}, id="unknown field"
        ),
        pytest.param(
            by_certificate(primary=T), by_certificate(primary=T, secondary=S), {}, id="slot stays"
        ),
        pytest.param(
            by_certificate(primary=T, secondary=None),
            by_certificate(primary=T, secondary=S),
            {"attestation.x509.signingCertificates.secondary": None},
            id="slot emptied",
        ),
        pytest.param(
            {"attestation": {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}}},
            by_certificate(primary=T),
            {
                "attestation.x509.caReferences.primary": "ca",
                "attestation.x509.signingCertificates": None,
            },
            id="names in place of certificates",
        ),
        pytest.param({"etag": "x", "registrationState": {}}, {"etag": "y"}, {}, id="read-only"),
        pytest.param({"enrollmentGroupId": "A"}, {"enrollmentGroupId": "a"}, {}, id="id"),
    ],
)
def test_only_what_means_something_else_changes(wanted, actual, changes):
    assert changed(wanted, actual) == changes


def test_webhooks_address_stays_where_its_version_changes():
    wanted = {"customAllocationDefinition": {"apiVersion": "2021-10-01"}}

    record = merged(GROUP, wanted, {"customAllocationDefinition": WEBHOOK}, exact=False)

    assert record == {"customAllocationDefinition": {**WEBHOOK, "apiVersion": "2021-10-01"}}


def test_untouched_slot_is_sent_back_as_its_info():
    actual = by_certificate(primary=T, secondary=S)

    assert merged(GROUP, by_certificate(primary=T), actual, exact=False) == actual


def test_exact_takes_away_what_is_not_written_but_for_what_cannot_be():
    actual = {
        "enrollmentGroupId": "a",
        "etag": "x",
        **by_key(primaryKey=K, secondaryKey=L),
        "provisioningStatus": "disabled",
        "capabilities": {"iotEdge": False},
        "iotHubs": ["h"],
        "foo": 1,
    }
    wanted = {"enrollmentGroupId": "a"}

    assert changed(wanted, actual, exact=True) == {
        "provisioningStatus": None,
        "iotHubs": None,
        "foo": None,
    }
    assert merged(GROUP, wanted, actual, exact=True) == {
        "enrollmentGroupId": "a",
        **by_key(primaryKey=K, secondaryKey=L),
    }


def test_new_record_has_azs_defaults_where_nothing_is_written():
    assert new_record(GROUP, {"enrollmentGroupId": "a"}) == {
        "enrollmentGroupId": "a",
        "capabilities": {"iotEdge": False},
        "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True},
    }
    assert new_record(GROUP, {"reprovisionPolicy": None, "capabilities": {"iotEdge": True}}) == {
        "capabilities": {"iotEdge": True}
    }
    assert new_record(GROUP, {"foo": 1}, exact=True) == {"foo": 1}


def test_other_type_of_attestation_brings_nothing_of_the_old_one():
    wanted, actual = by_certificate(primary=T), by_key(primaryKey=K, secondaryKey=L)

    assert changes_type(wanted, actual)
    assert merged(GROUP, wanted, actual, exact=False) == wanted


def pairs(kind):
    parts = (kind.id_field, kind.certificates)
    return st.tuples(
        st.just(kind),
        bodies(*parts, is_wanted=True),
        bodies(*parts, is_wanted=False),
        st.booleans(),
    )


PAIRS = st.sampled_from([GROUP, INDIVIDUAL]).flatmap(pairs)


@given(PAIRS)
def test_merged_record_has_nothing_left_to_change(pair):
    kind, wanted, actual, exact = pair
    made = merged(kind, wanted, actual, exact=exact)

    assert not field_changes(kind, wanted, made, exact=exact)
    assert is_same(merged(kind, wanted, made, exact=exact), made)


@given(PAIRS)
def test_what_is_not_written_stays(pair):
    kind, wanted, actual, _ = pair
    made = merged(kind, wanted, actual, exact=False)
    shown = {name for name in actual if not kind.fields.get(name, kind.fields["etag"]).members}

    for name in shown - wanted.keys() - {"etag", "createdDateTimeUtc"}:
        assert is_same(made[name], actual[name])


@given(PAIRS, st.sampled_from(["provisioningStatus", "iotHubs", "initialTwin", "foo"]))
def test_null_takes_a_field_away(pair, name):
    kind, _, actual, exact = pair

    made = merged(kind, {name: None}, actual, exact=exact)

    assert name not in made
    assert not field_changes(kind, {name: None}, made, exact=False)


@given(PAIRS)
def test_every_change_is_of_what_was_there_to_what_is_there_then(pair):
    kind, wanted, actual, exact = pair
    for change in field_changes(kind, wanted, actual, exact=exact):
        assert not is_same(change.before, change.after)


def test_every_kind_knows_its_own_fields():
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.id_field in kind.fields


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ({"iotHubs": ["a.azure-devices.net"]}, {"iotHubs": ["A.device.azure-devices.net"]}),
        ({"enrollmentGroupId": "line-4"}, {"enrollmentGroupId": "Line-4"}),
        ({"initialTwin": {"tags": {"a": 1}}}, {"initialTwin": {"tags": {"a": 1, "$version": 3}}}),
    ],
    ids=["hubs", "id", "twin"],
)
def test_what_means_the_same_stays_as_it_is_spelled(wanted, actual):
    assert merged(GROUP, wanted, actual, exact=False) == actual


def by_name(**slots):
    return {"attestation": {"type": "x509", "x509": {"caReferences": slots}}}


def test_names_of_cas_give_way_to_other_names_and_certificates_to_certificates():
    both = by_certificate(primary=T)["attestation"]["x509"] | {"caReferences": {"primary": "ca-1"}}
    held = {"attestation": {"type": "x509", "x509": both}}

    named = merged(GROUP, by_name(primary="ca-2"), by_name(primary="ca-1"), exact=False)
    shown = merged(GROUP, by_certificate(primary=S), by_certificate(primary=T), exact=False)
    stays = merged(GROUP, {"attestation": {"type": "x509", "x509": {}}}, held, exact=False)

    assert named == by_name(primary="ca-2")
    assert shown == by_certificate(primary=S)
    assert stays == held


def test_exact_looks_into_what_is_written():
    actual = {"capabilities": {"iotEdge": True, "other": 1}, "reprovisionPolicy": {"x": True}}
    wanted = {"capabilities": {"iotEdge": True}, "reprovisionPolicy": {"x": True}}

    assert changed(wanted, actual, exact=True) == {"capabilities.other": None}
    assert changed(wanted, actual, exact=False) == {}


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        ({}, {"customAllocationDefinition.webhookUrl": None}),
        ({"customAllocationDefinition": None}, {"customAllocationDefinition": None}),
        ({"customAllocationDefinition": {}}, {}),
        ({"customAllocationDefinition": {"webhookUrl": None}},
         {"customAllocationDefinition.webhookUrl": None}),
    ],
    ids=["not written", "null", "left out by an export", "null inside"],
)  # fmt: skip
def test_secret_of_a_frame_that_is_written_stays_where_all_else_goes(wanted, changes):
    actual = {"customAllocationDefinition": {"webhookUrl": "https://f/?code=1"}}

    assert changed(wanted, actual, exact=True) == changes
    made = merged(GROUP, wanted, actual, exact=True)
    assert bool(made) is not bool(changes)
