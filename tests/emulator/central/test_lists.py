"""Lists of IoT Central over HTTPS: pages, filters, orders."""

import pytest


@pytest.fixture
def devices(central):
    """Make thirty devices; their names count down."""
    for number in range(30):
        body = {"displayName": f"name {30 - number:02}", "simulated": number % 2 == 0}
        central("PUT", f"/devices/device-{number:02}", body)


def every_page(send, path, **query):
    """Read a list to its end; return the ids of each page."""
    answer = send("GET", path, **query)
    pages = [[device["id"] for device in answer.json()["value"]]]
    while link := answer.json().get("nextLink"):
        answer = send("GET", link)
        pages.append([device["id"] for device in answer.json()["value"]])
    return pages


@pytest.mark.usefixtures("devices")
def test_page_holds_25_unless_it_is_asked_for(central, preview):
    assert [len(page) for page in every_page(central, "/devices")] == [25, 5]
    assert [len(page) for page in every_page(preview, "/devices", maxpagesize=10)] == [10] * 3


@pytest.mark.usefixtures("devices")
def test_pages_go_on_with_the_filter_and_the_order(preview):
    query = {"filter": "simulated eq true", "orderby": "displayName desc", "maxpagesize": 4}

    pages = every_page(preview, "/devices", **query)

    assert [len(page) for page in pages] == [4, 4, 4, 3]
    assert [name for page in pages for name in page] == [f"device-{n:02}" for n in range(0, 30, 2)]


@pytest.mark.usefixtures("devices")
def test_page_after_a_deletion_skips_nothing(central, preview):
    first = preview("GET", "/devices", maxpagesize=10).json()
    central("DELETE", "/devices/device-03")
    central("DELETE", "/devices/device-09")

    second = preview("GET", first["nextLink"]).json()

    assert second["value"][0]["id"] == "device-10"


@pytest.mark.usefixtures("devices")
def test_names_that_are_alike_are_each_listed_once(central, preview):
    for number in range(5):
        central("PATCH", f"/devices/device-{number:02}", {"displayName": "same"})

    pages = every_page(preview, "/devices", orderby="displayName", maxpagesize=2)

    names = [name for page in pages for name in page]
    assert len(names) == len(set(names)) == 30


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("maxpagesize", "0"),
        ("maxpagesize", "101"),
        ("maxpagesize", "ten"),
        ("orderby", "id"),
        ("orderby", "displayName down"),
        ("orderby", ""),
        ("filter", "id"),
        ("$skiptoken", "bm90IG91cnM="),
        ("$skiptoken", "***"),
        ("colour", "red"),
    ],
)
def test_parameter_that_makes_no_sense_is_refused(preview, parameter, value):
    answer = preview("GET", "/devices", **{parameter: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


@pytest.mark.usefixtures("devices")
def test_token_of_another_list_is_refused(preview):
    link = preview("GET", "/devices", maxpagesize=10).json()["nextLink"]

    answer = preview("GET", f"{link}&filter=simulated%20eq%20true")

    assert answer.status_code == 400


@pytest.mark.parametrize("parameter", ["filter", "orderby", "maxpagesize"])
def test_stable_version_has_no_filters(central, parameter):
    assert central("GET", "/devices", **{parameter: "1"}).status_code == 400


def test_enrollment_groups_cannot_be_filtered(preview):
    assert preview("GET", "/enrollmentGroups", filter="id eq 'a'").status_code == 400
