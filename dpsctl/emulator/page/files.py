"""The page itself: files that ask nothing of anywhere else, and a browser that is told so."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from dpsctl.emulator.answers import NOT_FOUND, Answer, Refusal
from dpsctl.emulator.call import Call

_INDEX = "index.html"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Records hold what strangers wrote. Whatever the page did wrong with it, nothing would run, nothing
# would be sent elsewhere, and no text would become markup.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def show(call: Call) -> Answer:
    """Answer with the page; what it loads stands below its address, which ends with a slash."""
    if not call.request.path.endswith("/"):
        return Answer(308, headers={"Location": f"{call.request.path}/", **_HEADERS})
    return show_file(call, _INDEX)


def show_file(_: Call, name: str) -> Answer:
    """Answer with a file of the page."""
    if name not in _names():
        raise Refusal(NOT_FOUND, "Not Found")
    content_type = _TYPES[name.rpartition(".")[2]]
    return Answer(body=_read(name), headers={"Content-Type": content_type, **_HEADERS})


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name for file in _folder().iterdir() if file.name.count(".") == 1)


@cache
def _read(name: str) -> bytes:
    return _folder().joinpath(name).read_bytes()


def _folder() -> Traversable:
    return files("dpsctl.emulator.page").joinpath("static")
