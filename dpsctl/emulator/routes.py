"""The only list of URLs: what each asks of the caller, and who answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, Map, Rule

from dpsctl.emulator import bulk, enrollments, registrations
from dpsctl.emulator.answers import METHOD_NOT_ALLOWED, NOT_FOUND, Answer, Refusal
from dpsctl.emulator.kinds import GROUP, INDIVIDUAL, Kind

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """Join a method and a path to its handler; *right* is what the caller's policy must hold.

    Handlers are called with the Call and the path's ids in order.
    """

    method: str
    path: str
    handler: Handler
    right: str


def _enrollment_routes(kind: Kind) -> tuple[Route, ...]:
    every, one = f"/{kind.collection}", f"/{kind.collection}/<id>"
    keys = partial(enrollments.show_attestation, kind)
    return (
        Route("GET", one, partial(enrollments.show, kind), "EnrollmentRead"),
        Route("PUT", one, partial(enrollments.write, kind), "EnrollmentWrite"),
        Route("DELETE", one, partial(enrollments.remove, kind), "EnrollmentWrite"),
        Route("POST", f"{every}/query", partial(enrollments.query, kind), "EnrollmentRead"),
        Route("POST", f"{one}/attestationmechanism", keys, "EnrollmentWrite"),
        Route("POST", every, partial(bulk.run, kind), "EnrollmentWrite"),
    )


ROUTES = (
    *_enrollment_routes(GROUP),
    *_enrollment_routes(INDIVIDUAL),
    Route("GET", "/registrations/<id>", registrations.show, "RegistrationStatusRead"),
    Route("DELETE", "/registrations/<id>", registrations.remove, "RegistrationStatusWrite"),
    Route("POST", "/registrations/<id>/query", registrations.query, "RegistrationStatusRead"),
)


class _Word(BaseConverter):
    """Match a fixed part of a path in any case: the Node SDK writes `enrollmentgroups`."""

    def __init__(self, url_map: Map, word: str) -> None:
        super().__init__(url_map)
        self.regex = f"(?i:{word})"
        self.weight = 0  # before ids, which any word might be


def _rule(route: Route) -> Rule:
    parts = route.path.strip("/").split("/")
    words = [
        part if part.startswith("<") else f"<word('{part}'):word{place}>"
        for place, part in enumerate(parts)
    ]
    return Rule("/" + "/".join(words), methods=[route.method], endpoint=route)


_URLS = Map(
    [_rule(route) for route in ROUTES],
    converters={"word": _Word},
    strict_slashes=False,
    merge_slashes=False,
    redirect_defaults=False,
)


def find_route(method: str, path: str) -> tuple[Route, list[str]]:
    """Return the route for a request, and the ids in *path*. Raises Refusal."""
    try:
        route, values = _URLS.bind("").match(path, method)
    except NotFound:
        raise Refusal(NOT_FOUND, "Not Found") from None
    except MethodNotAllowed as refused:
        allow = {"Allow": ", ".join(sorted(refused.valid_methods or ()))}
        raise Refusal(METHOD_NOT_ALLOWED, "Method Not Allowed", allow) from None
    return route, [value for name, value in values.items() if not name.startswith("word")]
