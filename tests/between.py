"""A server between dpsctl and an emulator, which tells the test of each request and answer."""

import io
import json
import threading
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from dpsctl.emulator.app import EmulatorApp


class Quiet(WSGIRequestHandler):
    """A handler that writes no log."""

    def log(self, *_):
        pass


class Between:
    """Hands requests on to *emulator*, one at a time; *url* is where clients connect.

    *asked* is called with each request and its body before the emulator sees it, and returns the
    body to hand on, or an answer; *answered* with the request and the answer's JSON, and returns
    what is told.
    """

    def __init__(self, emulator):
        self.app = EmulatorApp(emulator.service)
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.asked = lambda _, body: body
        self.answered = lambda _, answer: answer

    def __call__(self, environ, start_response):
        request = Request(environ)
        body = request.get_json(silent=True)
        with self.lock:
            asked = self.asked(request, body)
            if isinstance(asked, Response):
                return asked(environ, start_response)
            data = b"" if asked is None else json.dumps(asked).encode()
            handed_on = {
                **environ,
                "wsgi.input": io.BytesIO(data),
                "CONTENT_LENGTH": str(len(data)),
            }
            response = Response.from_app(self.app, handed_on)
            if response.is_json and response.data:
                told = self.answered(request, json.loads(response.data))
                response.data = json.dumps(told).encode()
        return response(environ, start_response)


@contextmanager
def between(emulator):
    """Run such a server."""
    app = Between(emulator)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    app.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
