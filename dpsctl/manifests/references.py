"""What stands for something else in a manifest: `$file`, `$env`, `$var`, `$column` and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any

from dpsctl.errors import UsageError
from dpsctl.manifests.fields import (
    INDIVIDUAL,
    TWIN_MARKS,
    Json,
    Kind,
    Path,
    certificate_paths,
    secret_paths,
)
from dpsctl.manifests.files import FLAG, Source
from dpsctl.manifests.inputs import Inputs
from dpsctl.manifests.rows import TYPES, typed
from dpsctl.payloads.hub_rules import Problem
from dpsctl.text.values import decode_text, read_file

_TWINS = (("initialTwin", "tags"), ("initialTwin", "properties", "desired"))


class Omitted(Enum):
    """The value of a field that an empty cell leaves out."""

    OMITTED = "omitted"


OMITTED = Omitted.OMITTED


class Resolver:
    """Puts values in the place of references in one record; *row* has the cells of its row.

    *origins* tells afterwards where each secret came from, *problems* what was wrong.
    """

    def __init__(
        self,
        inputs: Inputs,
        source: Source,
        kind: Kind | None,
        row: Mapping[str, Any] | None = None,
    ) -> None:
        self.origins: dict[Path, str] = {}
        self.problems: list[Problem] = []
        self._inputs = inputs
        self._source = source
        self._row = row
        self._secrets = secret_paths(kind) if kind else frozenset()
        self._slots = _slots_by_text(kind) if kind else {}
        self._device: str | None = None
        self._readers: dict[str, Callable[[Any, Json, Path], Any]] = {
            "$file": self._file,
            "$env": self._env,
            "$command": self._command,
            "$var": self._var,
            "$column": self._column,
            "$format": self._format,
            "$literal": lambda value, _, __: value,
        }

    def record(self, body: Json, kind: Kind) -> Json:
        """Return the whole record; its id first, for a device's certificate is judged by that."""
        path = (kind.id_field,)
        if kind is INDIVIDUAL:
            self._device = str(self.resolved(body[kind.id_field], path))
        record: Json = self.resolved(body)
        return record

    def resolved(self, value: Any, path: Path = ()) -> Any:
        """Return *value* with everything it stands for; problems are gathered, not raised."""
        if path in self._slots:
            return self._certificate(value, path)
        found = self._value(value, path)
        if path in self._secrets and isinstance(found, str):
            self._inputs.run.masker.add(found)
            if isinstance(value, dict) and {"$var", "$format"} & set(value):
                self._inputs.secret_places.append(f"{self._source.path}: {path[-1]}")
            if path not in self.origins:
                self._warn_of_literal(path)
        return found

    def _value(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            if path in _TWINS:  # what the service adds there is pasted with the rest
                value = {name: part for name, part in value.items() if name not in TWIN_MARKS}
            names = [name for name in value if name.startswith("$")]
            return self._reference(value, names, path) if names else self._object(value, path)
        if isinstance(value, list):
            items = [self.resolved(item, (*path, str(i))) for i, item in enumerate(value)]
            return [item for item in items if item is not OMITTED]
        return value

    def _object(self, value: Json, path: Path) -> Any:
        if list(value) == [""]:
            self._complain(path, "a key is empty: did the shell expand $? Quote the here-document")
        members = {name: self.resolved(part, (*path, name)) for name, part in value.items()}
        if (*path, "certificate") in self._slots:
            if members.get("certificate") is OMITTED:
                return OMITTED  # an empty slot would take the certificate away that is there
            return None if all(part in (None, {}) for part in members.values()) else members
        return {name: part for name, part in members.items() if part is not OMITTED}

    def _reference(self, value: Json, names: list[str], path: Path) -> Any:
        name = names[0]
        reader = self._readers.get(name)
        if reader is None:
            known = ", ".join(self._readers)
            self._complain((*path, name), f"is no reference; there are {known}")
            return None
        extra = set(value) - {name} - ({"as"} if name == "$column" else set())
        if extra:
            self._complain(path, f"{name} stands alone, without {', '.join(sorted(extra))}")
            return None
        return reader(value[name], value, path)

    def _complain(self, path: Path, says: str) -> None:
        self.problems.append(Problem(path, says))

    def _text(self, value: Any, path: Path, name: str) -> str | None:
        """Return the text that *name* is given, which may be made of columns and variables."""
        text = self._value(value, (*path, name)) if isinstance(value, dict) else value
        if isinstance(text, str) and text:
            return text
        if text is not OMITTED and text is not None:
            self._complain((*path, name), "a text is wanted")
        return None

    def _is_secret(self, path: Path, name: str) -> bool:
        if path in self._secrets:
            return True
        where = "certificates and secret fields" if name == "$file" else "secret fields"
        self._complain(path, f"{name} is for {where} only: keys and the webhook's address")
        return False

    def _file(self, value: Any, _: Json, path: Path) -> Any:
        name = self._text(value, path, "$file")
        if name is None or not self._is_secret(path, "$file"):
            return OMITTED
        data = self._read(name, path)
        self.origins[path] = f"$file {name}"
        return None if data is None else decode_text(data, name).strip()

    def _read(self, name: str, path: Path) -> bytes | None:
        try:
            return read_file(str(self._source.open_path(name)), FLAG, self._inputs.run.stdin)
        except UsageError as error:
            hint = f" ({error.hint})" if error.hint else ""
            self._complain(path, f"$file: {error.message.removeprefix(f'{FLAG} ')}{hint}")
            return None

    def _env(self, value: Any, _: Json, path: Path) -> Any:
        name = self._text(value, path, "$env")
        if name is None or not self._is_secret(path, "$env"):
            return OMITTED
        text = self._inputs.run.environ.get(name)
        if not text:
            self._complain(path, f"$env: {name} is not set")
        self.origins[path] = f"$env {name}"
        return text

    def _command(self, value: Any, _: Json, path: Path) -> Any:
        if not self._is_secret(path, "$command"):
            return OMITTED
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self._complain(path, "$command: a list of words is wanted")
            return None
        if not self._inputs.commands_allowed:
            self._complain(path, "$command: nothing is run without --allow-commands")
            return None
        self.origins[path] = f"$command {value[0]}" if value else "$command"
        return self._output_of(tuple(value), path)

    def _output_of(self, words: tuple[str, ...], path: Path) -> str | None:
        from dpsctl.config.secret_commands import output_of

        if words not in self._inputs.outputs:
            try:
                text = output_of(list(words), "$command", self._inputs.run).strip()
            except UsageError as error:
                self._complain(path, error.message)
                return None
            self._inputs.outputs[words] = text
        return self._inputs.outputs[words]

    def _var(self, value: Any, _: Json, path: Path) -> Any:
        if not isinstance(value, str):
            self._complain(path, "$var: a name is wanted")
            return None
        if value not in self._inputs.variables:
            self._complain(path, f"$var: no --var {value}=TEXT was given")
            return None
        return self._inputs.variables[value]

    def _column(self, value: Any, whole: Json, path: Path) -> Any:
        if self._row is None:
            self._complain(path, "$column: there is no $each in this record")
            return None
        wanted = whole.get("as", "json")
        if not isinstance(value, str) or not isinstance(wanted, str) or wanted not in TYPES:
            self._complain(path, f"$column: a name is wanted, and for as one of {', '.join(TYPES)}")
            return None
        cell = self._row.get(value)
        if cell is None:
            return OMITTED
        if "as" not in whole or not isinstance(cell, str):
            return cell
        try:
            return typed(cell, wanted)
        except ValueError:
            self._complain(path, f"$column: {value} is {cell!r}, which is no {wanted}")
            return None

    def _format(self, value: Any, _: Json, path: Path) -> Any:
        if not isinstance(value, str):
            self._complain(path, "$format: a text is wanted")
            return None
        given = {**self._inputs.variables, **(self._row or {})}
        try:
            return "".join(
                literal + (_as_text(given[name]) if name is not None else "")
                for literal, name in _parts(value)
            )
        except KeyError as missing:
            self._complain(path, f"$format: there is no {missing.args[0]} in this row or --var")
        except ValueError:
            self._complain(path, "$format: a name in braces is wanted; {{ is a brace")
        return None

    def _certificate(self, value: Any, path: Path) -> Any:
        """Return a certificate's PEM text, whatever its encoding was."""
        if isinstance(value, dict) and list(value) == ["$file"]:
            name = self._text(value["$file"], path, "$file")
            data = self._read(name, path) if name else None
            self.origins[self._slots[path]] = f"$file {name}"
        else:
            name, text = "certificate", self._value(value, path)
            if text is None:
                return None
            if not isinstance(text, str) and text is not OMITTED:
                self._complain(path, "a certificate's text is wanted, or {$file: PATH}")
            data = text.encode() if isinstance(text, str) else None
        return OMITTED if data is None else self._clean(data, str(name), path)

    def _clean(self, data: bytes, name: str, path: Path) -> Any:
        from datetime import UTC, datetime

        from dpsctl.certificates.reading import read_certificates

        try:
            found = read_certificates(data, name)
        except UsageError as error:
            self._complain(path, error.message)
            return OMITTED
        for warning in found.warnings(datetime.now(UTC), device=self._device):
            self._inputs.warn_once(warning, f"{self._source.path}: {name}: {warning}")
        return found.pem

    def _warn_of_literal(self, path: Path) -> None:
        if path[-1] != "webhookUrl":
            self._inputs.warn_once(
                "literal",
                f"{self._source.path}: {path[-1]} stands in the file itself; {{$env: NAME}} or "
                "{$file: PATH} keeps keys out of what is committed",
            )


@cache
def _slots_by_text(kind: Kind) -> dict[Path, Path]:
    return {(*slot, "certificate"): slot for slot in certificate_paths(kind)}


def _as_text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def _parts(text: str) -> list[tuple[str, str | None]]:
    """Cut *text* into literals, each with the name in braces behind it. Raises ValueError."""
    from string import Formatter

    parts = []
    for literal, name, form, conversion in Formatter().parse(text):
        if form or conversion:
            raise ValueError("no expressions")
        parts.append((literal, name))
    return parts
