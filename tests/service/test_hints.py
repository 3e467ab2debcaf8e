"""A hint for every code that the service is known to give: those of docs/service.md#b6."""

import pytest

from dpsctl.payloads.registration_failures import failure_hint
from dpsctl.service.hints import hint_for


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (400, "certificate"),
        (400000, "--debug"),
        (400004, "--dry-run"),
        (401000, "key"),
        (401002, "clock"),
        (404201, "no such enrollment or registration"),
        (404202, "no such enrollment group"),
        (405000, "--service-api-version"),
        (409201, "--if-exists update"),
        (409202, "--if-exists update"),
        (409203, "try again"),
        (412201, "read it again"),
        (412202, "read it again"),
        (413000, "too large"),
        (415000, "--debug"),
        (429000, "1,000 operations a minute"),
        (500000, "tracking id"),
        (503000, "tracking id"),
    ],
)
def test_every_code_of_an_answer_has_its_hint(code, advice):
    status = code // 1000 if code > 999 else code

    hint = hint_for(status, code, {})

    assert advice in hint
    assert hint.endswith((".", "?"))


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (400207, "webhook"),
        (400208, "Link a hub"),
        (400209, "link the hub anew"),
        (401001, "The hub is gone"),
    ],
)
def test_every_code_of_a_failed_registration_has_its_hint(code, advice):
    assert advice in failure_hint(code, "It is so.")


def test_code_that_no_source_explains_is_not_explained_here():
    assert hint_for(400, 400204, {}) == hint_for(400, 400202, {}) == hint_for(400, None, {})


@pytest.mark.parametrize("code", [None, "", "400004", 999999, [1]])
def test_code_that_is_not_known_leaves_the_hint_of_the_status(code):
    assert hint_for(404, code, {}) == "'list' shows what there is."
