"""Which proxy the environment wants, and what it costs to find out that it wants none."""

import pytest

ASK = """
import sys
from dpsctl.run import Run
from dpsctl.service.proxies import proxy_for
proxy = proxy_for("https://dps.example", Run({}))
print(proxy and proxy.url, "requests" in sys.modules)
"""


@pytest.mark.skipif("sys.platform in {'darwin', 'win32'}", reason="the system has settings too")
@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, "None False"),
        ({"NO_PROXY": "localhost", "no_proxy": "127.0.0.1", "https_proxy": ""}, "None False"),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128 True"),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "dps.example"}, "None True"),
    ],
    ids=["none", "no-proxy-alone", "proxy", "not-for-this-one"],
)
def test_rules_of_proxies_are_loaded_for_those_who_have_one(
    unmeasured, monkeypatch, variables, found
):
    for name in ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert unmeasured(ASK).strip() == found
