"""How records are written and read: their form, etags, ids, and what is done with odd fields."""

from __future__ import annotations

from base64 import b64decode, b64encode

from conformance.asking import Asking
from conformance.scenarios import asks
from conformance.visit import BY_KEY, NEWEST

WRITTEN_BY_THE_SERVICE = {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}
OTHER_ETAG = b64encode(b'"0a001f42-0000-0800-0000-646801ed0000"').decode()


@asks("b1")
def answers_have_one_form(ask: Asking) -> None:
    answer = ask.put_group(provisioningStatus=None)
    body = answer.body

    ask.expect("status of a PUT that creates", 200, answer.status)
    ask.expect("is there a header ETag", False, "ETag" in answer.headers)
    ask.expect(
        "content type", "application/json; charset=utf-8", answer.headers.get("Content-Type")
    )
    ask.expect(
        "are both dates of a new record one",
        True,
        body["createdDateTimeUtc"] == body["lastUpdatedDateTimeUtc"],
    )
    ask.expect("does a status sent as null come back", True, "provisioningStatus" in body)
    ask.expect("that status", None, body.get("provisioningStatus"))


@asks("b1")
def defaults_are_not_added(ask: Asking) -> None:
    ask.put_group()
    read = ask.call("GET", ask.group()).body

    ask.expect(
        "fields of a group that was created with an attestation alone",
        sorted({"enrollmentGroupId", "attestation"} | WRITTEN_BY_THE_SERVICE),
        sorted(read),
    )


@asks("b1")
def what_only_the_service_writes_is_ignored(ask: Asking) -> None:
    answer = ask.put_group(createdDateTimeUtc="2001-01-01T00:00:00Z", etag=None)

    ask.expect("status of a PUT with a date of creation", 200, answer.status)
    ask.expect(
        "is that date taken", False, answer.body.get("createdDateTimeUtc", "").startswith("2001")
    )


@asks("a1")
def unknown_fields_are_kept(ask: Asking) -> None:
    answer = ask.put_group(aFieldOfTomorrow={"deep": [1, None]})
    read = ask.call("GET", ask.group())

    ask.expect("status of a PUT with an unknown field", 200, answer.code)
    ask.expect(
        "what a GET shows of it", {"deep": [1, None]}, (read.body or {}).get("aFieldOfTomorrow")
    )


@asks("b2")
def etags_are_quoted_text_in_base64(ask: Asking) -> None:
    etag = ask.put_group().body["etag"]
    bare = ask.put_group(etag=etag)
    quoted = ask.put_group(etag=f'"{bare.body["etag"]}"')

    ask.expect("first and last letter of an etag", '""', _ends(b64decode(etag).decode()))
    ask.expect("If-Match with the etag as the body has it", 200, bare.code)
    ask.expect("If-Match with that etag in double quotes", 200, quoted.code)
    ask.expect("If-Match that is no base64", 400004, ask.put_group(etag="no-base64").code)


@asks("b2")
def writes_are_guarded_by_etags(ask: Asking) -> None:
    ask.put_group()
    ask.put_individual()

    ask.expect("PUT over a group without If-Match", 409202, ask.put_group().code)
    ask.expect("PUT over an enrollment without If-Match", 409201, ask.put_individual().code)
    ask.expect("PUT over a group with an old etag", 412202, ask.put_group(etag=OTHER_ETAG).code)
    ask.expect(
        "PUT over an enrollment with an old etag", 412201, ask.put_individual(etag=OTHER_ETAG).code
    )
    ask.expect("PUT over a group with If-Match: *", 200, ask.put_group(etag="*").code)


@asks("b2")
def if_match_for_what_is_not_there(ask: Asking) -> None:
    ask.expect("PUT with an etag, and there is none", 404202, ask.put_group(etag=OTHER_ETAG).code)
    ask.expect("PUT with If-Match: *, and there is none", 404202, ask.put_group(etag="*").code)
    answer = ask.call("DELETE", ask.group(), headers={"If-Match": OTHER_ETAG})
    ask.expect("DELETE with an etag, and there is none", 404202, answer.code)


@asks("b2")
def deletes_need_no_etag(ask: Asking) -> None:
    ask.put_group()
    wrong = ask.call("DELETE", ask.group(), headers={"If-Match": OTHER_ETAG})
    right = ask.call("DELETE", ask.group())

    ask.expect("DELETE with an old etag", 412202, wrong.code)
    ask.expect("DELETE without If-Match", 204, right.code)


@asks("b8")
def ids_are_found_in_any_case(ask: Asking) -> None:
    ask.put_group("Mixed")
    path = f"/enrollmentGroups/{ask.id('Mixed').upper()}"
    read = ask.call("GET", path)

    ask.expect("GET of the id in capitals", 200, read.code)
    ask.expect("the id that it shows", ask.id("Mixed"), (read.body or {}).get("enrollmentGroupId"))
    again = ask.call(
        "PUT", path, {"enrollmentGroupId": ask.id("Mixed").upper(), "attestation": BY_KEY}
    )
    ask.expect("PUT of the id in capitals without If-Match", 409202, again.code)


@asks("b8")
def ids_have_a_rule(ask: Asking) -> None:
    tail = "x" * (128 - len(ask.id("")))
    ask.expect("an id that ends with a full stop", 400004, ask.put_individual("a.").code)
    ask.expect("an id that ends with an underscore", 400004, ask.put_individual("a_").code)
    ask.expect("an id with a blank", 400004, ask.put_individual("a b").code)
    ask.expect("a group's id with an underscore in it", 200, ask.put_group("a_b").code)
    ask.expect("an id of 128 characters", 200, ask.put_individual(tail).code)
    ask.expect("an id of 129 characters", 400004, ask.put_individual(f"{tail}x").code)
    body = {"enrollmentGroupId": ask.id("other"), "attestation": BY_KEY}
    answer = ask.call("PUT", ask.group("one"), body)
    ask.expect("another id in the body than in the path", 400004, answer.code)


@asks("j1")
def fields_of_newer_versions_are_refused_in_older_ones(ask: Asking) -> None:
    policy = {
        "namespaceName": "fleet-namespace",
        "certificateAuthorityName": "fleet-ca",
        "certificatePolicyName": "fleet-policy",
    }
    body = {"enrollmentGroupId": ask.id(), "attestation": BY_KEY, **policy}
    ask.expect("in 2021-10-01", 400004, ask.call("PUT", ask.group(), body).code)
    newest = ask.call("PUT", ask.group(), body, None, NEWEST)
    ask.expect(f"in {NEWEST}", 200, newest.code)
    read = ask.call("GET", ask.group())
    ask.expect("are they shown in 2021-10-01", True, "namespaceName" in (read.body or {}))
    older = ask.put_group(etag="*")
    read = ask.call("GET", ask.group(), version=NEWEST)
    ask.expect("PUT without them in 2021-10-01", 200, older.code)
    ask.expect("are they there after it", False, "namespaceName" in (read.body or {}))


@asks("a3")
def words_are_taken_in_any_case(ask: Asking) -> None:
    answer = ask.put_group(allocationPolicy="HASHED", provisioningStatus="Disabled")

    ask.expect("status of a PUT with HASHED and Disabled", 200, answer.code)
    ask.expect("how HASHED is shown", "hashed", answer.body.get("allocationPolicy"))
    ask.expect("how Disabled is shown", "disabled", answer.body.get("provisioningStatus"))


@asks("b10")
def hubs_are_not_looked_up_when_they_are_written(ask: Asking) -> None:
    hubs = ["no-such-hub-of-mine.azure-devices.net"]
    ask.expect(
        "a hub that is not linked",
        200,
        ask.put_group("a", iotHubs=hubs, allocationPolicy="static").code,
    )
    ask.expect("hubs without an allocation policy", 400004, ask.put_group("b", iotHubs=hubs).code)


@asks("c1")
def what_a_hub_would_refuse_is_stored(ask: Asking) -> None:
    deep: dict[str, object] = {"end": 1}
    for _ in range(12):
        deep = {"in": deep}
    tags = {"tags": {"note": "x" * 9000}}
    ask.expect("a device id with a slash", 200, ask.put_individual("a", deviceId="a/b").code)
    ask.expect("9,000 bytes of tags", 200, ask.put_individual("b", initialTwin=tags).code)
    ask.expect("tags twelve deep", 200, ask.put_individual("c", initialTwin={"tags": deep}).code)
    ask.expect(
        "a tag with a full stop in its name",
        200,
        ask.put_individual("d", initialTwin={"tags": {"a.b": 1}}).code,
    )


def _ends(text: str) -> str:
    return text[:1] + text[-1:]
