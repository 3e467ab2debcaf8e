"""A service that holds one record and keeps what is written over it."""

import json

import pytest
from werkzeug.wrappers import Response


@pytest.fixture
def one_record(odd_service):
    """Serve one record, take what is written over it, and return the writes."""

    def serve(held):
        written = []
        odd_service.clear()
        group_id = held.get("enrollmentGroupId")
        path = (
            f"/enrollmentGroups/{group_id}"
            if group_id
            else f"/enrollments/{held['registrationId']}"
        )

        def take(request):
            written.append(request.json)
            return Response(json.dumps(request.json), content_type="application/json")

        odd_service.expect_request(path, method="GET").respond_with_json(held)
        odd_service.expect_request(path, method="PUT").respond_with_handler(take)
        return written

    return serve
