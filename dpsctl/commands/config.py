"""`dpsctl config`: contexts, the named settings of the services somebody works with."""

from __future__ import annotations

from typing import Annotated, Any

from typer import Argument, Option

from dpsctl.config import contexts
from dpsctl.config.wording import check_one_login, check_setting
from dpsctl.errors import UsageError
from dpsctl.frame.verbs import Noun, verb
from dpsctl.options import kinds
from dpsctl.options.connection import Connection, Sources
from dpsctl.output.columns import Column
from dpsctl.run import Outcome, Run

Json = dict[str, Any]
ContextName = Annotated[
    str, kinds.context(Argument, metavar="CONTEXT", help="Name of the context.")
]
WhichContext = Annotated[
    str | None,
    kinds.context(
        Option,
        "--context",
        metavar="NAME",
        envvar="DPSCTL_CONTEXT",
        help="Context to change (the current one unless given).",
    ),
]
SETTING_COLUMNS = {"Setting": "setting", "Value": Column("value", "whole")}


@verb(
    examples=[
        "dpsctl config view",
        "dpsctl config view --show-origin --query settings.auth_type",
    ],
)
def view(
    run: Run,
    connection: Connection,
    sources: Sources,
    show_origin: Annotated[
        bool, Option("--show-origin", help="Say where each setting comes from.")
    ] = False,
) -> Outcome:
    """Show the contexts, and the settings a command would use now.

    The settings are those of the context that is named as such: the current one, unless --context
    or DPSCTL_CONTEXT names another.
    A setting comes from the first that says it: a flag, the environment, the context, az's own
    configuration, the default. Secrets are not shown. A table has the settings only.
    """
    from dpsctl.service.settings import explain

    known = contexts.load(run.environ)
    settings = list(explain(connection, sources, run))
    shown = {
        "file": str(known.path),
        "currentContext": known.current,
        "context": connection.context or known.current,
        "contexts": known.contexts,
        "settings": {
            item["setting"]: {"value": item["value"], "origin": item["origin"]}
            if show_origin
            else item["value"]
            for item in settings
        },
    }
    columns = SETTING_COLUMNS | ({"Origin": Column("origin", "whole")} if show_origin else {})
    return Outcome(shown, 0, columns, settings)


@verb(
    "set",
    examples=[
        "dpsctl config set --context factory dps_name=my-dps resource_group=my-group",
        "dpsctl config set --context lab login_command='pass show dps/lab'",
    ],
)
def set_settings(
    run: Run,
    assignments: Annotated[
        list[str], Argument(metavar="SETTING=VALUE...", help="What the context shall say.")
    ],
    context: WhichContext = None,
) -> Json:
    """Set settings of a context; make the context if it is new.

    Secrets are only named: login_env=VARIABLE, login_file=FILE or login_command=COMMAND say where
    a connection string is.
    """
    given = dict(_assignment(text) for text in assignments)
    with contexts.changing(run.environ) as known:
        name = _chosen(known, context)
        settings = {**known.contexts.get(name, {}), **given}
        check_one_login(settings)
        known.contexts[name] = settings
    return {name: settings}


@verb(
    examples=[
        "dpsctl config unset resource_group",
        "dpsctl config unset --context lab auth_type output",
    ],
)
def unset(
    run: Run,
    names: Annotated[list[str], Argument(metavar="SETTING...", help="What it shall not say.")],
    context: WhichContext = None,
) -> Json:
    """Remove settings of a context."""
    with contexts.changing(run.environ) as known:
        name = _chosen(known, context)
        settings = known.named(name)
        for setting in names:
            if setting not in settings:
                raise UsageError(
                    f"{setting}: context {name!r} does not say it",
                    f"It says {', '.join(sorted(settings)) or 'nothing'}.",
                )
        left = {key: value for key, value in settings.items() if key not in names}
        known.contexts[name] = left
    return {name: left}


@verb(
    "list",
    columns={
        "Current": "isCurrent && '*' || ''",
        "Context": "name",
        "Service": Column("dps_name", "head"),
        "Sign-in": "login_env || login_file || login_command || auth_type",
        "Address": "endpoint_url",
    },
    examples=[
        "dpsctl config list -o table",
        "dpsctl config list --query '[].name' -o tsv",
    ],
)
def list_contexts(run: Run) -> list[Json]:
    """List the contexts, with what each of them says."""
    known = contexts.load(run.environ)
    return [
        {"name": name, "isCurrent": name == known.current, **settings}
        for name, settings in sorted(known.contexts.items())
    ]


@verb(
    "current-context",
    examples=["dpsctl config current-context -o tsv", "dpsctl config current-context"],
)
def current_context(run: Run) -> str:
    """Print the name of the current context."""
    current = contexts.load(run.environ).current
    if current is None:
        raise UsageError(
            "No context is the current one", "'dpsctl config use-context NAME' chooses one."
        )
    return current


@verb(
    "use-context",
    examples=["dpsctl config use-context factory", "dpsctl config use-context lab --verbose"],
)
def use_context(run: Run, name: ContextName) -> None:
    """Make a context the current one."""
    with contexts.changing(run.environ) as known:
        known.named(name)
        known.current = name
    run.say(f"{known.path}: the current context is {name}")


@verb(
    "delete-context",
    examples=[
        "dpsctl config delete-context lab",
        "dpsctl config delete-context factory --verbose",
    ],
)
def delete_context(run: Run, name: ContextName) -> None:
    """Remove a context; what it named stays where it is."""
    with contexts.changing(run.environ) as known:
        known.named(name)
        del known.contexts[name]
        was_current = known.current == name
        known.current = None if was_current else known.current
    if was_current:
        run.warn(f"{name} was the current context; 'dpsctl config use-context' chooses another")


def _chosen(known: contexts.Contexts, context: str | None) -> str:
    name = context or known.current
    if not name:
        raise UsageError("No context is named, and none is the current one", "Give --context NAME.")
    return name


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError("Wanted SETTING=VALUE", "For example dps_name=my-dps.")
    return name, check_setting(name, value, name)


command = Noun(
    "config",
    "Name services and how to sign in to them.",
    [view, list_contexts, current_context, set_settings, unset, use_context, delete_context],
)
