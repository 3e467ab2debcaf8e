"""Which proxy the environment wants."""

import pytest

from dpsctl.run import Run
from dpsctl.service.proxies import proxy_for


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, None),
        ({"NO_PROXY": "localhost", "no_proxy": "127.0.0.1", "https_proxy": ""}, None),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"ALL_PROXY": "proxy"}, "http://proxy:8080"),
        ({"https_proxy": "https://[::1]"}, "https://[::1]:443"),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "dps.example"}, None),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": ".example"}, None),
    ],
    ids=["none", "no-proxy-alone", "proxy", "of-all", "ipv6", "not-for-this-one", "nor-its-domain"],
)
@pytest.mark.skipif("sys.platform in {'darwin', 'win32'}", reason="the system has settings too")
def test_proxy_is_the_one_of_the_environment(monkeypatch, variables, found):
    for name in ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    proxy = proxy_for("https://dps.example", Run({}))

    assert (proxy and proxy.url) == found


@pytest.mark.parametrize("secret", ["p@ss/of:joe", "\u00fcmlaut", "%41"])
def test_password_of_a_proxy_is_kept_and_never_shown(monkeypatch, secret):
    from urllib.parse import quote

    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://joe:{quote(secret, safe='')}@proxy:3128")

    proxy = proxy_for("https://dps.example", run := Run({}))

    assert (proxy.user, proxy.password) == ("joe", secret)
    assert secret not in f"{proxy!r} {proxy.url}"
    assert quote(secret, safe="") not in run.masker.mask(f"at {proxy.url_with_password}")
