import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.manifests.fields import GROUP, INDIVIDUAL
from dpsctl.manifests.fleet import Fleet, Wanted
from dpsctl.manifests.limits import crowds
from dpsctl.manifests.plan import Action, plan_of
from dpsctl.manifests.risks import Risk, lost_keys
from dpsctl.manifests.scope import Limits, Scope

A, B, C = (base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abc")
T, S = "A" * 64, "B" * 64
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
OWNS = Scope(owns={"EnrollmentGroup": ["line-*"], "IndividualEnrollment": ["pump-*"]})


def keys(primary=A, secondary=B):
    symmetric = {"primaryKey": primary, "secondaryKey": secondary}
    return {"type": "symmetricKey", "symmetricKey": symmetric}


def certificates(primary=None, secondary=None):
    slots = {"primary": primary, "secondary": secondary}
    held = {slot: one and {"info": {"sha256Thumbprint": one}} for slot, one in slots.items()}
    return {"type": "x509", "x509": {"signingCertificates": held}}


def wanted(record_id, kind=GROUP, **body):
    traits = {name: body.pop(name) for name in ("formerly", "exact") if name in body}
    return Wanted(kind, record_id, {kind.id_field: record_id, **body}, "f:1", **traits)


def actual(record_id, kind=GROUP, **body):
    return kind, {kind.id_field: record_id, "attestation": keys(), "etag": "e", **body}


def planned(records, found, scope=None, **switches):
    return plan_of(Fleet(scope or Scope(), records), found, **switches)


def actions(plan):
    return [(one.action.value, one.record_id) for one in plan.changes]


def risks(plan):
    return {risk.value: [one.record_id for one in found] for risk, found in plan.risks().items()}


def test_what_is_missing_is_made_what_differs_changed_and_the_rest_counted():
    plan = planned(
        [
            wanted("line-1", attestation={"type": "symmetricKey"}),
            wanted("LINE-2", provisioningStatus="disabled"),
            wanted("line-3", provisioningStatus="enabled"),
        ],
        [actual("line-2"), actual("line-3"), actual("other")],
    )

    assert actions(plan) == [("create", "line-1"), ("update", "line-2")]
    assert (plan.as_wanted, plan.not_ours) == (1, 1)
    assert risks(plan) == {"disable": ["line-2"]}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param(keys(A, B), keys(C, A), {"keys"}, id="old secondary goes"),
        pytest.param(keys(A, B), keys(B, A), set(), id="keys change places"),
        pytest.param(
            certificates(T, S), certificates(S, None), {"certificates"}, id="old primary goes"
        ),
        pytest.param(certificates(T), certificates(T, S), set(), id="staged"),
        pytest.param(certificates(T, S), certificates(S, T), set(), id="promoted"),
        pytest.param(
            certificates(T),
            {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}},
            {"certificates"},
            id="names for certificates",
        ),
        pytest.param(
            {"type": "x509", "x509": {"caReferences": {"primary": "ca", "secondary": "old"}}},
            {"type": "x509", "x509": {"caReferences": {"primary": "ca", "secondary": None}}},
            {"certificates"},
            id="name goes",
        ),
        pytest.param(
            keys(),
            {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}},
            {"replace", "keys"},
            id="other type",
        ),
    ],
)
def test_a_change_is_judged_by_what_devices_lose(before, after, found):
    plan = planned([wanted("line-1", attestation=after)], [actual("line-1", attestation=before)])

    assert {risk.value for risk in plan.changes[0].risks} == found


def test_keys_that_are_not_shown_are_not_lost():
    hidden = actual("line-1", attestation={"type": "symmetricKey"}, iotHubs=["a"])
    body = wanted("line-1", allocationPolicy="hashed", attestation={"type": "symmetricKey"})

    assert planned([body], [hidden]).changes[0].risks == frozenset()


def test_enabling_lets_a_device_back_in_and_so_does_deleting_its_lock():
    locked = actual("pump-2", INDIVIDUAL, provisioningStatus="disabled")
    plan = planned(
        [wanted("line-1", provisioningStatus=None)],
        [actual("line-1", provisioningStatus="disabled"), locked],
        OWNS,
        prune=True,
    )

    assert risks(plan) == {"delete": ["pump-2"], "unblock": ["line-1", "pump-2"]}


def test_only_what_is_owned_and_in_no_file_is_pruned():
    scope = Scope(owns=OWNS.owns, protect=["line-root*"])
    names = ("line-1", "line-2", "LINE-root", "line-root-2", "area-1", "area-2", "area-3")
    found = [actual(name) for name in names]

    assert actions(planned([wanted("line-1")], found, scope, prune=True)) == [("delete", "line-2")]
    plan = planned([wanted("line-1")], found, scope, prune=True)
    assert (plan.protected, plan.not_ours) == (2, 3)
    assert not planned([wanted("line-1")], found, scope).changes
    assert not planned([wanted("line-1")], found, prune=True).changes


@pytest.mark.parametrize(
    ("body", "loss"),
    [
        pytest.param({"provisioningStatus": "disabled"}, "disable", id="disable"),
        pytest.param({"attestation": keys(C, A)}, "keys", id="keys"),
        pytest.param(
            {"attestation": {"type": "x509", "x509": {"caReferences": {"primary": "ca"}}}},
            "replace, keys",
            id="replace",
        ),
    ],
)
def test_protected_record_loses_nothing(body, loss):
    plan = planned([wanted("line-1", **body)], [actual("line-1")], Scope(protect=["line-*"]))

    assert plan.changes[0].blocked == f"it is protected by $fleet ({loss})"
    assert not plan.feasible
    assert not plan.risks()


def test_protection_that_no_record_and_no_file_has_is_named():
    scope = Scope(protect=["line-1", "line-2", "LINE-9*", "pump-*"])

    plan = planned([wanted("line-1", attestation=keys())], [actual("line-2")], scope)

    assert plan.unmatched == ("LINE-9*", "pump-*")


def test_protected_record_may_change_where_it_loses_nothing():
    scope = Scope(protect=["line-*"])

    assert planned([wanted("line-1", foo=1)], [actual("line-1")], scope).feasible


def fleet(size, changed):
    records = [
        wanted(f"line-{i}", provisioningStatus="disabled" if i < changed else "enabled")
        for i in range(size)
    ]
    return records, [actual(f"line-{i}") for i in range(size)]


@pytest.mark.parametrize(
    ("size", "changed", "is_many"),
    [(10, 3, False), (10, 4, True), (9, 9, False), (10, 0, False)],
)
def test_more_than_a_part_of_the_fleet_is_many(size, changed, is_many):
    plan = planned(*fleet(size, changed))

    assert (Risk.many in plan.risks()) is is_many


@pytest.mark.parametrize(("most", "is_many"), [(2, True), (3, False)])
def test_more_than_so_many_objects_are_many(most, is_many):
    plan = planned(*fleet(5, 3), Scope(limits=Limits(objects=most)))

    assert (Risk.many in plan.risks()) is is_many


def test_exact_record_loses_what_the_file_does_not_say():
    body = wanted("line-1", exact=True, attestation=keys())

    [change] = planned([body], [actual("line-1", foo=1)]).changes

    assert [field.path for field in change.fields] == [("foo",)]
    assert "foo" not in change.body()


def test_exact_record_is_made_with_nothing_filled_in():
    [change] = planned([wanted("line-1", exact=True, attestation=keys())], []).changes

    assert change.body() == {"enrollmentGroupId": "line-1", "attestation": keys()}


def test_change_is_laid_over_the_record_as_it_is_by_then():
    [change] = planned([wanted("line-1", foo=1)], [actual("line-1", bar=1)]).changes
    _, newer = actual("line-1", bar=2)

    body = change.body(newer)

    assert (body["foo"], body["bar"]) == (1, 2)


def test_rename_takes_the_old_record_along():
    new = wanted("line-5", formerly="line-4", iotHubs=["b"])
    old = actual("line-4", foo=1, allocationPolicy="hashed", iotHubs=["a"])

    [change] = planned([new], [old]).changes

    assert (change.action, change.record_id, change.old_id) == (Action.rename, "line-5", "line-4")
    assert change.body() == {
        "enrollmentGroupId": "line-5",
        "attestation": keys(),
        "foo": 1,
        "allocationPolicy": "hashed",
        "iotHubs": ["b"],
    }
    assert change.risks == {Risk.delete}
    assert [(field.path, field.before, field.after) for field in change.fields] == [
        (("iotHubs",), ["a"], ["b"])
    ]


def test_rename_that_is_exact_shows_what_the_new_record_will_not_have():
    new = wanted("line-5", formerly="line-4", exact=True, attestation=keys())

    [change] = planned([new], [actual("line-4", foo=1)]).changes

    assert [field.path for field in change.fields] == [("foo",)]


def test_rename_takes_a_lock_away_as_deleting_it_does():
    old = actual("pump-4", INDIVIDUAL, provisioningStatus="disabled")

    [change] = planned([wanted("pump-5", INDIVIDUAL, formerly="pump-4")], [old]).changes

    assert change.risks == {Risk.delete, Risk.unblock}


TPM = {"type": "tpm", "tpm": {"endorsementKey": A}}


@pytest.mark.parametrize(
    ("kind", "held", "proof"),
    [
        pytest.param(GROUP, keys(A, B), keys(A, B), id="same"),
        pytest.param(GROUP, keys(A, B), keys(B, A), id="swapped"),
        pytest.param(GROUP, certificates(T), certificates(T, S), id="certificates"),
        pytest.param(INDIVIDUAL, TPM, TPM, id="TPM"),
    ],
)
def test_rename_that_was_cut_short_deletes_the_old_record(kind, held, proof):
    new = wanted("line-5", kind, formerly="line-4")
    found = [actual("line-4", kind, attestation=held), actual("line-5", kind, attestation=proof)]

    plan = planned([new], found)

    assert actions(plan) == [("delete", "line-4")]
    assert plan.feasible == list(plan.changes)


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(keys(C, A), id="others"),
        pytest.param({"type": "symmetricKey"}, id="not shown"),
    ],
)
def test_old_record_stays_where_the_new_one_does_not_hold_its_keys(proof):
    new = wanted("line-5", formerly="line-4")
    found = [actual("line-4"), actual("line-5", attestation=proof)]

    [change] = planned([new], found).changes

    assert "does not hold" in change.blocked
    assert change.place == "f:1"


def test_rename_that_is_done_is_nothing():
    new = wanted("line-5", formerly="line-4")

    assert not planned([new], [actual("line-5")]).changes


def test_renamed_certificates_need_their_text():
    old = actual("line-4", attestation=certificates(T))
    [change] = planned([wanted("line-5", formerly="line-4")], [old]).changes
    assert "text is needed" in change.blocked

    slot = {"signingCertificates": {"primary": {"certificate": PEM}}}
    new = wanted("line-5", formerly="line-4", attestation={"type": "x509", "x509": slot})
    [change] = planned([new], [old]).changes
    assert change.blocked is None


@pytest.mark.parametrize(
    ("body", "held", "why"),
    [
        pytest.param({}, None, "needs an attestation", id="new without proof"),
        pytest.param(
            {"allocationPolicy": None},
            {"allocationPolicy": "hashed", "iotHubs": ["a"]},
            "without an allocationPolicy",
            id="hubs are left without a policy",
        ),
        pytest.param(
            {"allocationPolicy": "static"}, {"iotHubs": ["a", "b"]}, "exactly one", id="static"
        ),
        pytest.param(
            {"attestation": certificates(S)},
            {"attestation": certificates(T)},
            "text is needed",
            id="thumbprint of another certificate",
        ),
        pytest.param(
            {"attestation": {"type": "x509", "x509": {"signingCertificates": None}}},
            {"attestation": certificates(T)},
            "would be left",
            id="no certificate left",
        ),
    ],
)
def test_what_the_service_would_refuse_is_blocked(body, held, why):
    found = [] if held is None else [actual("line-1", **held)]

    [change] = planned([wanted("line-1", **body)], found).changes

    assert why in change.blocked


def test_what_nothing_touches_is_not_judged():
    old = actual("line-1", iotHubs=["a"])  # without a policy: the service took it once

    assert planned([wanted("line-1", foo=1)], [old]).feasible


def test_fields_in_no_file_are_named_but_for_what_create_fills_in():
    filled_in = {"updateHubAssignment": True, "migrateDeviceData": True}
    found = actual(
        "line-1", capabilities={"iotEdge": False}, reprovisionPolicy=filled_in, foo=1, iotHubs=["a"]
    )

    plan = planned([wanted("line-1", iotHubs=["a"])], [found])

    assert [path for _, _, path in plan.unmanaged] == [("foo",)]


PROOFS = st.builds(keys, st.sampled_from([A, B, C]), st.sampled_from([A, B, C])) | st.builds(
    certificates, st.sampled_from([T, S, None]), st.sampled_from([T, S, None])
)


def held_by(proof):
    symmetric = proof.get("symmetricKey") or {}
    slots = (proof.get("x509") or {}).get("signingCertificates") or {}
    prints = {slot["info"]["sha256Thumbprint"] for slot in slots.values() if slot}
    return set(symmetric.values()), prints


@given(PROOFS, PROOFS)
def test_no_key_and_no_certificate_goes_without_its_class(before, after):
    plan = planned([wanted("line-1", attestation=after)], [actual("line-1", attestation=before)])
    found = {risk for change in plan.changes for risk in change.risks}
    old, new = held_by(before), held_by(after)

    assert (Risk.keys in found) == bool(old[0] - new[0])
    assert (Risk.certificates in found) == bool(old[1] - new[1])


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_order_changes_no_plan(files, pages):
    records = [
        wanted(f"line-{i}", provisioningStatus="disabled", formerly="old" if i == 3 else None)
        for i in range(4)
    ]
    found = [actual(f"line-{i}") for i in range(2, 7)] + [actual("old"), actual("x"), actual("y")]

    def shown(plan):
        return [(one.action, one.record_id, one.risks, one.fields) for one in plan.changes]

    usual = planned(records, found, OWNS, prune=True)
    other = planned(
        [records[i] for i in files if i < 4], [found[i] for i in pages], OWNS, prune=True
    )

    assert shown(other) == shown(usual)
    assert (other.as_wanted, other.not_ours) == (usual.as_wanted, usual.not_ours)


TOO_MANY = "there will be {} groups by symmetricKey, and a service takes 100"
ROOM = " (--delete-first makes room)"


@pytest.mark.parametrize(
    ("there", "gone", "new", "deletes_first", "told"),
    [
        (90, 0, 10, False, []),
        (90, 0, 11, False, [TOO_MANY.format(101)]),
        (95, 9, 9, False, [TOO_MANY.format(104) + ROOM]),
        (95, 9, 9, True, []),
        (99, 1, 4, True, [TOO_MANY.format(103)]),
    ],
)
def test_more_groups_than_a_service_takes_are_warned_of(there, gone, new, deletes_first, told):
    records = [wanted(f"line-{n}", attestation=keys()) for n in range(gone, there + new)]
    records.append(
        wanted("line-x", attestation={"type": "x509", "x509": {"caReferences": {"primary": "c"}}})
    )
    plan = planned(records, [actual(f"line-{n}") for n in range(there)], OWNS, prune=True)

    assert list(crowds(plan, deletes_first=deletes_first)) == told


def tpm(key):
    return {"attestation": {"type": "tpm", "tpm": {"endorsementKey": key}}}


def test_tpms_key_that_another_takes_the_place_of_is_lost():
    assert lost_keys(tpm("YQ=="), tpm("Yg==")) == ["endorsementKey"]
    assert lost_keys(tpm("YQ=="), tpm("YQ==")) == []


def test_keys_that_are_not_shown_stay():
    shown = {"type": "symmetricKey", "symmetricKey": {"primaryKey": "YQ==", "secondaryKey": "Yg=="}}

    assert lost_keys({"attestation": shown}, {"attestation": {"type": "symmetricKey"}}) == []
