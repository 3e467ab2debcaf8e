"""Help topics that belong to no single command: exit codes and the environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dpsctl.reference.tree import CommandPage

# Numbers share a line with their meaning, names stand above it.
_DEEP = 6


@dataclass(frozen=True)
class Topic:
    """A page of terms and what they mean."""

    name: str
    summary: str
    introduction: str
    entries: tuple[tuple[str, str], ...]


EXIT_CODES = Topic(
    "exit-codes",
    "what dpsctl tells its caller",
    "Every failure also says on stderr what happened and what to do; --error-format json says it"
    " as one JSON object.",
    (
        ("0", "Done."),
        ("1", "Any other failure."),
        ("2", "Usage or invalid input; nothing was sent."),
        ("3", "Not found (404)."),
        ("4", "Sign-in or permission (401, 403)."),
        ("5", "Conflict or stale etag (409, 412)."),
        ("6", "Throttled after all retries (429)."),
        ("7", "Network, TLS or time-out."),
        ("8", "The service failed (5xx)."),
        ("9", "Bulk: some items failed."),
        ("10", "What was looked for was found: differences, certificates that end soon."),
        ("130", "Interrupted (SIGINT); 143 and 129 where it was SIGTERM or SIGHUP."),
        ("141", "The reader of stdout went away; nothing is said about it."),
    ),
)
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
    ("DPSCTL_ENDPOINT_URL", "Where to connect instead of https://HOST, such as an emulator."),
    ("DPSCTL_GROUP_KEY", "The group's key for compute-device-key when no group is named."),
    ("DPSCTL_NO_ARGV_WARNING", "Set: do not warn of secrets among the arguments."),
    ("DPSCTL_NO_ARGV_WARNING", "Set: no warning that a key stands on the command line."),
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
    )


def topics(pages: Iterable[CommandPage]) -> dict[str, Topic]:
    """Return every topic by its name."""
    return {topic.name: topic for topic in (EXIT_CODES, environment(pages))}


def as_text(topic: Topic, width: int) -> str:
    """Write a topic for a terminal of *width* columns."""
    import textwrap

    paragraphs = [f"dpsctl {topic.name}: {topic.summary}", topic.introduction]
    lines = ["\n\n".join(textwrap.fill(text, width) for text in paragraphs), ""]
    for term, meaning in topic.entries:
        first = term.ljust(_DEEP)
        if len(term) >= _DEEP:
            lines += textwrap.wrap(term, width)
            first = " " * _DEEP
        lines += textwrap.wrap(
            meaning,
            width,
            initial_indent=first,
            subsequent_indent=" " * _DEEP,
            break_on_hyphens=False,
        )
    return "\n".join(lines)
