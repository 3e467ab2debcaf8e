"""All routes: what each asks of the caller, and who answers it.

The URLs of IoT Central stand in `central/urls.py`, those of Resource Manager in `arm/urls.py`, as
all of each ask the same of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from dpsctl.emulator.access.guards import Guard, device_version, policy_with
from dpsctl.emulator.answers import METHOD_NOT_ALLOWED, NOT_FOUND, Answer, Refusal
from dpsctl.emulator.arm import guards as arm
from dpsctl.emulator.arm.urls import SUBSCRIPTIONS
from dpsctl.emulator.arm.urls import URLS as ARM_URLS
from dpsctl.emulator.central.tokens import api_token
from dpsctl.emulator.central.urls import URLS
from dpsctl.emulator.control import api as control
from dpsctl.emulator.control import description
from dpsctl.emulator.control.access import owner, tester
from dpsctl.emulator.devices import api as device_api
from dpsctl.emulator.enrollments import bulk, registrations
from dpsctl.emulator.enrollments import records as enrollments
from dpsctl.emulator.enrollments.kinds import GROUP, INDIVIDUAL, Kind
from dpsctl.emulator.page import files as page_files
from dpsctl.emulator.page import state, stream

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """Join a method and a path to its handler, and to the guard that its caller must pass.

    Handlers are called with the Call and the path's ids in order.
    """

    method: str
    path: str
    handler: Handler
    guard: Guard


_READ = policy_with("EnrollmentRead")
_WRITE = policy_with("EnrollmentWrite")


def _enrollment_routes(kind: Kind) -> tuple[Route, ...]:
    every, one = f"/{kind.collection}", f"/{kind.collection}/<id>"
    keys = partial(enrollments.show_attestation, kind)
    return (
        Route("GET", one, partial(enrollments.show, kind), _READ),
        Route("PUT", one, partial(enrollments.write, kind), _WRITE),
        Route("DELETE", one, partial(enrollments.remove, kind), _WRITE),
        Route("POST", f"{every}/query", partial(enrollments.query, kind), _READ),
        Route("POST", f"{one}/attestationmechanism", keys, _WRITE),
        Route("POST", every, partial(bulk.run, kind), _WRITE),
    )


ROUTES = (
    *_enrollment_routes(GROUP),
    *_enrollment_routes(INDIVIDUAL),
    Route("GET", "/registrations/<id>", registrations.show, policy_with("RegistrationStatusRead")),
    Route(
        "DELETE",
        "/registrations/<id>",
        registrations.remove,
        policy_with("RegistrationStatusWrite"),
    ),
    Route(
        "POST",
        "/registrations/<id>/query",
        registrations.query,
        policy_with("RegistrationStatusRead"),
    ),
    # Devices prove themselves to the handlers: which key counts depends on who they say they are.
    Route("PUT", "/<scope>/registrations/<id>/register", device_api.register, device_version),
    Route(
        "GET",
        "/<scope>/registrations/<id>/operations/<operation>",
        device_api.operation_status,
        device_version,
    ),
    Route("POST", "/<scope>/registrations/<id>", device_api.look_up, device_version),
    *(Route(method, f"/api{path}", handler, api_token) for method, path, handler in URLS),
    Route(*SUBSCRIPTIONS, arm.subscriptions),
    *(Route(*url, arm.provider) for url in ARM_URLS),
    Route("GET", "/_emulator/health", control.health, tester),
    Route("GET", "/_emulator/openapi.json", description.describe, tester),
    Route("POST", "/_emulator/reset", control.reset, tester),
    Route("POST", "/_emulator/seed", control.seed, tester),
    Route("GET", "/_emulator/faults", control.show_faults, tester),
    Route("PUT", "/_emulator/faults", control.replace_faults, tester),
    Route("DELETE", "/_emulator/faults", control.remove_faults, tester),
    Route("GET", "/_emulator/settings", control.show_settings, tester),
    Route("PUT", "/_emulator/settings", control.change_settings, tester),
    Route("GET", "/_emulator/requests", control.requests, tester),
    Route("DELETE", "/_emulator/requests", control.forget_requests, tester),
    Route("GET", "/_emulator/", page_files.show, tester),
    Route("GET", "/_emulator/page/<file>", page_files.show_file, tester),
    Route("GET", "/_emulator/events", stream.watch, tester),
    Route("GET", "/_emulator/state", state.show_state, tester),
    Route("GET", "/_emulator/environment", state.show_environment, owner),
    Route("GET", "/_emulator/records/<collection>", state.list_records, tester),
    Route("GET", "/_emulator/records/<collection>/<id>", state.show_record, tester),
    Route("GET", "/_emulator/keys/<collection>/<id>", state.show_record_with_keys, owner),
    Route("GET", "/_emulator/requests/<number>", control.show_request, tester),
    Route("GET", "/_emulator/devices/<id>", device_api.show_hub_device, tester),
)


Shape = tuple[str | None, ...]


def _by_shape() -> dict[Shape, dict[str, Route]]:
    """Return the routes by the words of their paths, None where an id stands, and by method.

    Those with words come before those with ids, which any word might be. Werkzeug's Map would
    compile code for each route, a fifth of the emulator's start.
    """
    found: dict[Shape, dict[str, Route]] = {}
    for route in ROUTES:
        parts = route.path.lower().removesuffix("/").split("/")[1:]
        shape = tuple(None if part.startswith("<") else part for part in parts)
        also = {"HEAD": route} if route.method == "GET" else {}
        found.setdefault(shape, {}).update({route.method: route, **also})
    return {shape: found[shape] for shape in sorted(found, key=lambda one: [not w for w in one])}


_ROUTES_OF = _by_shape()
_SHAPES = {
    len(one): [other for other in _ROUTES_OF if len(other) == len(one)] for one in _ROUTES_OF
}
_METHODS = frozenset(method for routes in _ROUTES_OF.values() for method in routes)


def _is_of(parts: Sequence[str], shape: Shape) -> bool:
    return all(part == word if word else part for part, word in zip(parts, shape, strict=True))


def _not_allowed(methods: Iterable[str]) -> Refusal:
    allow = {"Allow": ", ".join(sorted(methods))}
    return Refusal(METHOD_NOT_ALLOWED, "Method Not Allowed", allow)


def find_route(method: str, path: str) -> tuple[Route, list[str]]:
    """Return the route for a request, and the ids in *path*. Raises Refusal.

    Fixed words of a path may have any case: the Node SDK writes `enrollmentgroups`.
    """
    given = path.removesuffix("/").split("/")[1:]
    words = [part.lower() for part in given]
    found = [shape for shape in _SHAPES.get(len(words), ()) if _is_of(words, shape)]
    for shape in found:
        if route := _ROUTES_OF[shape].get(method):
            return route, [part for part, word in zip(given, shape, strict=True) if word is None]
    if found or method not in _METHODS:
        raise _not_allowed({name for shape in found for name in _ROUTES_OF[shape]} or _METHODS)
    raise Refusal(NOT_FOUND, "Not Found")
