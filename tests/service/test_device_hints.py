"""What a device is advised when it is not let in."""

from email.utils import formatdate

import pytest

from dpsctl.service.hints import device_hint_for


def test_hint_blames_the_clock_where_it_is_off():
    headers = {"Date": formatdate(1_000_000_000, usegmt=True)}

    assert "clock" in device_hint_for("--key")(401, 401000, headers)


@pytest.mark.parametrize(
    ("proof", "status", "advice"),
    [
        pytest.param("--key", 401, "--group-key", id="a group's key given as the device's"),
        pytest.param("--group-key", 401, "upper case", id="another spelling of the id"),
        pytest.param("--certificate-path", 401, "CN", id="another common name"),
        pytest.param("--key", 404, "--id-scope", id="another service"),
        pytest.param("--key", 429, "minute", id="too many at once"),
        pytest.param("--key", 503, "try again later", id="the service is down"),
    ],
)
def test_hint_fits_how_the_device_proves_who_it_is(proof, status, advice):
    headers = {"Date": formatdate(usegmt=True)}

    assert advice in device_hint_for(proof)(status, None, headers)
