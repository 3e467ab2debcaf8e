"""The topic of environment variables: those of options, and those that no option has."""

from __future__ import annotations

from collections.abc import Iterable

from dpsctl.reference.topics.page import Section, Topic
from dpsctl.reference.tree import CommandPage

# Variables that no option has, or that stand behind one.
_ELSEWHERE = (
    ("DPSCTL_ACCESS_TOKEN", "An Azure AD token to sign with; dpsctl does not renew it."),
    ("DPSCTL_ARM_URL", "Where to look services up instead of Azure Resource Manager."),
    (
        "DPSCTL_DEVICE_ENDPOINT_URL",
        "Where 'device register' asks instead of https://HOST, such as an emulator.",
    ),
    (
        "DPSCTL_EMULATOR",
        "Set by 'emulator exec' and 'env': every name is the emulator's; no other is asked.",
    ),
    (
        "DPSCTL_EMULATOR_CONTROL_TOKEN",
        "Set by 'emulator exec': what a request must show that changes the emulator itself.",
    ),
    (
        "DPSCTL_EMULATOR_PAGE",
        "Set by 'emulator exec' and 'env': the page that shows the emulator in a browser.",
    ),
    ("DPSCTL_ENDPOINT_URL", "Where to connect instead of https://HOST, such as an emulator."),
    ("DPSCTL_GROUP_KEY", "The group's key for compute-device-key when no group is named."),
    ("DPSCTL_NO_ARGV_WARNING", "Set: no warning that a secret stands on the command line."),
    (
        "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_USERNAME, AZURE_PASSWORD",
        "Who to sign in as, in the words of azure-identity; needs dpsctl[azure].",
    ),
    (
        "AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "The certificate of AZURE_CLIENT_ID, to sign in with instead of a secret.",
    ),
    (
        "AZURE_FEDERATED_TOKEN_FILE, AZURE_AUTHORITY_HOST, AZURE_POD_IDENTITY_AUTHORITY_HOST",
        "A workload identity to sign in as, and the hosts that give its tokens.",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "Set by GitHub Actions: with AZURE_CLIENT_ID and AZURE_TENANT_ID, sign in as the workflow.",
    ),
    (
        "AZURE_CONFIG_DIR, AZURE_DEFAULTS_GROUP",
        "Where az keeps its settings, and az's default resource group.",
    ),
    (
        "XDG_CONFIG_HOME, XDG_CACHE_HOME",
        (
            "Where contexts are kept, and what may be forgotten (on Windows also APPDATA and"
            " LOCALAPPDATA); a relative folder is none."
        ),
    ),
    ("REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE", "Certificates to trust, unless --ca-bundle names some."),
    ("HTTPS_PROXY, NO_PROXY", "The proxy to go through, and the hosts that need none."),
    ("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "Colours never or always, unless --color says."),
    ("COLUMNS", "The width of help and tables on a terminal."),
)


def environment(pages: Iterable[CommandPage]) -> Topic:
    """Collect the environment variables that options name, and those that no option has."""
    found = {
        envvar: f"{option.help} The same as {option.name}."
        for page in pages
        for option in page.options
        for envvar in option.envvars
    }
    return Topic(
        "environment",
        "variables that dpsctl reads",
        "An option on the command line always wins over its variable. Variables set connection,"
        " output and retries only: what is written never depends on them.",
        tuple(sorted({**dict(_ELSEWHERE), **found}.items())),
        sections=(
            Section(
                "For one command, and for all that follow",
                "",
                examples=(
                    "DPSCTL_OUTPUT=name dpsctl enrollment-group list",
                    'export DPSCTL_LOGIN="$(cat login.txt)" DPSCTL_TIMEOUT=1m',
                    "dpsctl enrollment-group list -o table",
                ),
            ),
        ),
    )
