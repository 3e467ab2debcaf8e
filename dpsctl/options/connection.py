"""Options of the run itself: how results are shown, which service is asked, as whom."""

from __future__ import annotations

from typing import Annotated, Any

from dpsctl.options import kinds, panels
from dpsctl.options.checks import version_rule
from dpsctl.options.declaring import option_group
from dpsctl.options.words import (
    AuthType,
    CloudName,
    Colour,
    ErrorFormat,
    OutputFormat,
    ReportFormat,
)

_OUTPUT: dict[str, Any] = {"case_sensitive": False, "envvar": "DPSCTL_OUTPUT"}
ReportOutput = Annotated[
    ReportFormat | None,
    panels.output("--output", "-o", help="Form of the result (text unless set).", **_OUTPUT),
]


@option_group
class Display:
    """How a result, an error and a trace are shown; every command takes these."""

    output: Annotated[
        OutputFormat | None,
        panels.output("--output", "-o", help="Form of the result (json unless set).", **_OUTPUT),
    ] = None
    query: Annotated[
        str | None, kinds.jmespath(panels.output, "--query", help="Part of the result.")
    ] = None
    debug: Annotated[
        bool,
        panels.output(
            "--debug",
            envvar="DPSCTL_DEBUG",
            help="Trace HTTP on stderr, secrets masked.",
        ),
    ] = False
    verbose: Annotated[
        bool, panels.output("--verbose", help="Say on stderr what is being done.")
    ] = False
    only_show_errors: Annotated[
        bool, panels.output("--only-show-errors", help="Print no warnings.")
    ] = False
    error_format: Annotated[
        ErrorFormat | None,
        panels.output(
            "--error-format",
            case_sensitive=False,
            envvar="DPSCTL_ERROR_FORMAT",
            help="Form of an error on stderr (text unless set).",
        ),
    ] = None
    color: Annotated[
        Colour | None,
        panels.output(
            "--color",
            case_sensitive=False,
            envvar="DPSCTL_COLOR",
            help="When to use colours (auto unless set).",
        ),
    ] = None
    yes: Annotated[
        bool,
        panels.output(
            "--yes",
            "-y",
            "--no-input",
            help="Ask nothing before many records are written; 'apply' still needs --allow.",
        ),
    ] = False


@option_group
class Transport:
    """How requests travel, whatever the service; part of every connection."""

    context: Annotated[
        str | None,
        kinds.context(
            panels.connection,
            "--context",
            metavar="NAME",
            envvar="DPSCTL_CONTEXT",
            help="Context of the configuration file (the current one unless given).",
        ),
    ] = None
    ca_bundle: Annotated[
        str | None,
        kinds.file(
            panels.connection,
            "--ca-bundle",
            envvar="DPSCTL_CA_BUNDLE",
            help="Certificates to trust (REQUESTS_CA_BUNDLE is honoured too).",
        ),
    ] = None
    retries: Annotated[
        int | None,
        panels.connection(
            "--retries",
            metavar="N",
            min=0,
            envvar="DPSCTL_RETRIES",
            help="How often to try again when that is safe (4 times unless set).",
        ),
    ] = None
    timeout: Annotated[
        float | None,
        kinds.seconds(
            panels.connection,
            "--timeout",
            least=0.1,
            envvar="DPSCTL_TIMEOUT",
            help="How long a request may take, answer and all: 500ms, 5m (30s unless set).",
        ),
    ] = None
    deadline: Annotated[
        float | None,
        kinds.seconds(
            panels.connection,
            "--deadline",
            least=0.1,
            envvar="DPSCTL_DEADLINE",
            help="How long the whole command may take, with every try and wait.",
        ),
    ] = None


ResourceGroup = Annotated[
    str | None,
    panels.connection(
        "--resource-group",
        "-g",
        metavar="NAME",
        envvar="DPSCTL_RESOURCE_GROUP",
        help="Resource group of the provisioning service.",
    ),
]
Subscription = Annotated[
    str | None,
    panels.connection(
        "--subscription",
        metavar="NAME_OR_ID",
        envvar=["DPSCTL_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID"],
        help="Subscription of the provisioning service, by ID or name.",
    ),
]
Cloud = Annotated[
    CloudName | None,
    panels.connection(
        "--cloud",
        case_sensitive=False,
        envvar="DPSCTL_CLOUD",
        help="Azure cloud of the service (public unless set, or az is set to another).",
    ),
]
_NAMED: dict[str, Any] = {
    "metavar": "NAME",
    "envvar": "DPSCTL_DPS_NAME",
    "help": "Name or host name of the provisioning service.",
}
DpsName = Annotated[str | None, panels.connection("--dps-name", "-n", **_NAMED)]


@option_group
class Connection(Transport):
    """Which provisioning service to talk to, and as whom."""

    login: Annotated[
        str | None,
        kinds.secret(
            panels.connection,
            "--login",
            "-l",
            metavar="CONNECTION_STRING",
            envvar="DPSCTL_LOGIN",
            help="Connection string of a policy; @FILE and @- keep it out of the process list.",
        ),
    ] = None
    dps_name: DpsName = None
    resource_group: ResourceGroup = None
    subscription: Subscription = None
    auth_type: Annotated[
        AuthType | None,
        panels.connection(
            "--auth-type",
            case_sensitive=False,
            envvar="DPSCTL_AUTH_TYPE",
            help="Sign with a policy key (as az, unless set), or as the signed-in user.",
        ),
    ] = None
    cloud: Cloud = None
    service_api_version: Annotated[
        str | None,
        panels.connection(
            "--service-api-version",
            metavar="VERSION",
            envvar="DPSCTL_SERVICE_API_VERSION",
            callback=version_rule,
            help="REST version spoken with the service (2021-10-01 unless set).",
        ),
    ] = None


@option_group
class Lookup(Transport):
    """Where a provisioning service is looked up by its name."""

    resource_group: ResourceGroup = None
    subscription: Subscription = None
    cloud: Cloud = None


@option_group
class NamedLookup(Lookup):
    """Which service is looked up, where -n is its name."""

    dps_name: DpsName = None


@option_group
class ShownLookup(Lookup):
    """Which service a command is about, which az calls by --name then."""

    dps_name: Annotated[str | None, panels.connection("--name", "-n", "--dps-name", **_NAMED)] = (
        None
    )


@option_group
class OwnerLookup(Lookup):
    """Which service a thing belongs to, where -n is the name of the thing."""

    dps_name: Annotated[str | None, panels.connection("--dps-name", **_NAMED)] = None


class Typed(str):
    """A value of the command line, even if the environment has the very same."""

    __slots__ = ()


class Sources(dict[str, str]):
    """The flag or the variable that gave each option its value; other options are not in it."""
