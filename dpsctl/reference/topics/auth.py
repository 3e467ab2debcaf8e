"""The topic of signing in."""

from __future__ import annotations

from collections.abc import Iterable

from dpsctl.reference.topics.options import options_under
from dpsctl.reference.topics.page import Section, Topic
from dpsctl.reference.tree import CommandPage

_SECTIONS = (
    Section(
        "Connection string",
        "The connection string of a shared access policy is enough. In a file, a variable or on"
        " standard input (--login @-) it stays out of the process list.",
        examples=(
            "dpsctl enrollment-group list --login @login.txt",
            'DPSCTL_LOGIN="$(cat login.txt)" dpsctl enrollment-group list',
        ),
    ),
    Section(
        "By name, as with az",
        "A name and its resource group are looked up through Azure Resource Manager, and so is the"
        " policy's key; the host that was found is remembered. A host name with --auth-type login"
        " asks Azure Resource Manager for nothing and signs with your own token.",
        examples=(
            "dpsctl enrollment-group list -n my-dps -g my-group",
            (
                "dpsctl enrollment-group list -n my-dps.azure-devices-provisioning.net"
                " --auth-type login"
            ),
        ),
    ),
    Section(
        "Where a token comes from",
        "The first of these that is there:",
        entries=(
            ("DPSCTL_ACCESS_TOKEN", "A token you have; dpsctl does not renew it."),
            (
                "azure-identity",
                (
                    "With dpsctl[azure] installed: service principal, workload identity, GitHub"
                    " Actions, managed identity. 'dpsctl help environment' lists its variables."
                ),
            ),
            ("az", "What 'az login' keeps, asked of the az on this machine."),
        ),
    ),
    Section(
        "Rights",
        "Who signs in with a token needs the role 'Device Provisioning Service Data Reader' at the"
        " service to read, 'Device Provisioning Service Data Contributor' to write or to see keys;"
        " Owner and Contributor of the resource open neither. Finding a service by name needs"
        " Reader, listing its policy's keys Contributor.",
    ),
    Section(
        "Contexts",
        "A context names a service and how to sign in to it, in the configuration file. A secret is"
        " only referred to: login_env, login_file, or login_command, a program that prints it."
        " --context takes another than the current one.",
        examples=(
            'dpsctl config set --context lab login_file="$PWD/login.txt"',
            "dpsctl config use-context lab",
            "dpsctl enrollment-group list --context lab",
        ),
    ),
    Section(
        "Which one wins",
        "What is typed beats its variable, a variable the context, the context what az is set to."
        " This shows where each setting is from:",
        examples=("dpsctl config view --show-origin",),
    ),
    Section(
        "Devices",
        "A device signs in to nothing: it shows its key, its group's key or a certificate with the"
        " service's ID scope.",
        examples=(
            "dpsctl device register --rid device-1 --id-scope 0ne00000000 --group-key @group.key",
        ),
    ),
    Section(
        "IoT Central",
        "An application is named by --app-id, and opened by an API token or the signed-in user.",
        examples=("dpsctl central device list --app-id my-app --token @token.txt",),
    ),
    Section(
        "When it fails",
        "'doctor' looks at configuration, DNS, network, TLS, clock, sign-in, rights and API"
        " version in turn, changes nothing, and says what to do.",
        examples=("dpsctl doctor --login @login.txt",),
    ),
)


def auth(pages: Iterable[CommandPage]) -> Topic:
    """Tell how to connect and sign in, and list every option of a connection."""
    return Topic(
        "auth",
        "which service is asked, and as whom",
        "Every command says itself whom it asks and as whom; nobody is signed in for the next.",
        sections=(
            *_SECTIONS,
            Section(
                "Options",
                "No command takes all of these; its --help-all shows its own.",
                options_under("Connection", pages),
            ),
        ),
    )
