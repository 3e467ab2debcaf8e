"""What az knows on this machine: its defaults, its subscriptions, and a token of who signed in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dpsctl.errors import Unauthorized
from dpsctl.machine import platforms
from dpsctl.run import Run
from dpsctl.service.azure.clouds import CLOUDS
from dpsctl.text.opening import opened

_PATIENCE = 60.0  # az starts slowly, and may have to renew its own token
# Where az keeps what dpsctl also wants to know: option, section, key.
_DEFAULTS = (
    ("resource_group", "defaults", "group"),
    ("auth_type", "defaults", "iotdps-data-auth-type"),
    ("cloud", "cloud", "name"),
)


@dataclass(frozen=True)
class Subscription:
    """A subscription that az has seen."""

    id: str
    name: str
    is_default: bool


def config_file(environ: Mapping[str, str]) -> Path:
    """Return where az keeps its configuration."""
    return _folder(environ) / "config"


def read_defaults(run: Run) -> dict[str, str]:
    """Return what `az configure --defaults` and `az cloud set` say, by dpsctl's names.

    A file that cannot be read is worth a warning, no more: it is not dpsctl's.
    """
    parser = ConfigParser(interpolation=None, strict=False)
    path = config_file(run.environ)
    try:
        parser.read_string(_text_of(path))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, Error) as error:
        run.warn(f"{path} is not used: {str(error).splitlines()[0]}")
        return {}
    found = {
        name: parser.get(section, key)
        for name, section, key in _DEFAULTS
        if parser.get(section, key, fallback="")
    }
    found |= _group_of_environment(run.environ)
    return _with_cloud_of_dpsctl(found)


def subscriptions(run: Run) -> list[Subscription]:
    """Return the subscriptions in az's profile; none if az never signed in here."""
    path = _folder(run.environ) / "azureProfile.json"
    try:
        profile = json.loads(_text_of(path))
        return [
            Subscription(str(item["id"]), str(item["name"]), bool(item.get("isDefault")))
            for item in profile.get("subscriptions", [])
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        run.warn(f"{path} is not used: az's profile has another form")
        return []


def access_token(scope: str, run: Run) -> tuple[str, float] | None:
    """Ask az for a token and the time (seconds since 1970) it ends; None if az is not there.

    Raises Unauthorized if az has none to give.
    """
    program = platforms.program("az", run.environ)
    if program is None:
        return None
    words = [program, "account", "get-access-token", "--output", "json", "--resource"]
    folder = os.path.dirname(program)  # noqa: PTH120 - a text; az may load what lies where it runs
    given: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    given |= {"stdin": subprocess.DEVNULL, "cwd": folder, "env": dict(run.environ), "text": True}
    run.waiting.say("waiting for az")
    try:
        with platforms.Family([*words, scope.removesuffix("/.default")], **given) as child:
            out, err = child.communicate(timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _no_token(type(error).__name__) from None
    if child.returncode:
        raise _no_token(err.strip().partition("\n")[0] or f"exit {child.returncode}")
    return _token_in(out)


def _token_in(text: str) -> tuple[str, float]:
    """Read az's answer; `expires_on` is missing from versions before 2.54."""
    try:
        answer = json.loads(text)
        return str(answer["accessToken"]), float(answer.get("expires_on") or 0)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _no_token("its answer is no token") from None


def _no_token(problem: str) -> Unauthorized:
    return Unauthorized(
        f"az gave no access token: {problem}", 401, hint="'az login' signs in; then try again."
    )


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")


def _text_of(path: Path) -> str:
    with opened(str(path)) as file:
        return file.read().decode("utf-8-sig")


def _group_of_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return az's own variable for its default group, which beats its file."""
    group = environ.get("AZURE_DEFAULTS_GROUP")
    return {"resource_group": group} if group else {}


def _with_cloud_of_dpsctl(found: dict[str, Any]) -> dict[str, str]:
    """Replace az's name of the cloud; a cloud of somebody's own has no name here."""
    names = {cloud.az_name.lower(): str(name) for name, cloud in CLOUDS.items()}
    cloud = names.get(found.pop("cloud", "").lower())
    return {**found, "cloud": cloud} if cloud else found
