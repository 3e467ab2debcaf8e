"""Bulk operations on both kinds of enrollment."""

import pytest

KINDS = [
    pytest.param("enrollmentGroups", "enrollmentGroupId", 409202, "EnrollmentGroup", id="groups"),
    pytest.param("enrollments", "registrationId", 409201, "Enrollment", id="individuals"),
]


@pytest.fixture
def bulk(api):
    def run(mode, items):
        return api("POST", "/enrollmentGroups", {"mode": mode, "enrollmentGroups": items})

    return run


def test_create_makes_all(api, group_body):
    items = [group_body(name) for name in "abc"]

    answer = api("POST", "/enrollmentGroups/", {"mode": "create", "enrollmentGroups": items})

    assert answer.json() == {"errors": [], "isSuccessful": True}
    assert len(api("POST", "/enrollmentGroups/query", {"query": "*"}).json()) == 3


@pytest.mark.parametrize(("collection", "id_field", "code", "noun"), KINDS)
@pytest.mark.parametrize("mode", ["create", "update"])
def test_what_exists_is_an_error_of_its_own_item(api, collection, id_field, code, noun, mode):
    one, two = ({id_field: name, "attestation": {"type": "symmetricKey"}} for name in ("1", "2"))
    api("POST", f"/{collection}", {"mode": "create", collection: [one]})

    answer = api("POST", f"/{collection}", {"mode": mode, collection: [one, two]})

    error = {id_field: "1", "errorCode": code, "errorStatus": f"{noun} already exists."}
    assert answer.status_code == 200
    assert answer.json() == {"errors": [error], "isSuccessful": False}
    assert api("GET", f"/{collection}/2").status_code == 200


@pytest.mark.parametrize("mode", ["update", "updateIfMatchETag", "updateIfMatchEtag"])
def test_update_with_the_etag_writes(api, create_group, bulk, mode):
    made = create_group()

    answer = bulk(mode, [{**made, "provisioningStatus": "disabled"}])

    assert answer.json()["isSuccessful"]
    assert api("GET", "/enrollmentGroups/g1").json()["provisioningStatus"] == "disabled"


@pytest.mark.parametrize(("etag", "status"), [(None, 400), (7, 400), ("raw", 400), ("ImEi", 412)])
def test_update_without_the_right_etag_writes_nothing(api, create_group, bulk, etag, status):
    made = create_group()

    answer = bulk("updateIfMatchETag", [{**made, "etag": etag}])

    assert answer.json()["errors"][0]["errorCode"] // 1000 == status
    assert api("GET", "/enrollmentGroups/g1").json()["etag"] == made["etag"]


@pytest.mark.parametrize("etag", [{}, {"etag": "*"}], ids=["no etag", "any etag"])
def test_delete_deletes_what_is_there(api, create_group, bulk, etag):
    create_group("a")

    answer = bulk("delete", [{"enrollmentGroupId": name, **etag} for name in "ab"])

    assert [error["errorCode"] for error in answer.json()["errors"]] == [404202]
    assert api("GET", "/enrollmentGroups/a").status_code == 404


def test_rules_are_those_of_a_single_put(bulk, group_body):
    answer = bulk("create", [group_body(iotHubs=["h"])])

    assert answer.json()["errors"] == [
        {
            "enrollmentGroupId": "g1",
            "errorCode": 400004,
            "errorStatus": "iotHubs needs an allocationPolicy.",
        }
    ]


@pytest.mark.parametrize(
    ("mode", "items"),
    [
        pytest.param("upsert", [], id="unknown mode"),
        pytest.param(None, [], id="no mode"),
        pytest.param("create", None, id="no items"),
        pytest.param("create", {}, id="items as an object"),
        pytest.param("create", [1], id="an item that is a number"),
        pytest.param("create", [{}], id="an item without an id"),
        pytest.param("create", [{"enrollmentGroupId": str(n)} for n in range(11)], id="11 items"),
    ],
)
def test_operation_that_makes_no_sense_is_refused_whole(bulk, mode, items):
    assert bulk(mode, items).status_code == 400


def test_body_that_is_no_object_is_refused(api):
    assert api("POST", "/enrollments", []).status_code == 400
