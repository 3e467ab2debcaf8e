"""Words that an option accepts, in any case."""

from __future__ import annotations

from enum import StrEnum


class Toggle(StrEnum):
    """A flag that also takes a value, as az's do: `--edge-enabled` or `--edge-enabled false`."""

    true = "true"
    false = "false"


class AttestationType(StrEnum):
    """How a device proves who it is (docs/service.md#a3)."""

    symmetric_key = "symmetricKey"
    tpm = "tpm"
    x509 = "x509"


class AllocationPolicy(StrEnum):
    """How the service picks a hub (docs/service.md#b10)."""

    custom = "custom"
    geo_latency = "geoLatency"
    hashed = "hashed"
    static = "static"


class ProvisioningStatus(StrEnum):
    """Whether devices may register."""

    disabled = "disabled"
    enabled = "enabled"


class ReprovisionPolicy(StrEnum):
    """What happens to a device's data when it registers again, in az's words."""

    never = "never"
    migrate = "reprovisionandmigratedata"
    reset = "reprovisionandresetdata"


class IfExists(StrEnum):
    """What `create` does when the record is there already."""

    fail = "fail"
    skip = "skip"
    update = "update"


class RotationStep(StrEnum):
    """The steps of a rotation, in order."""

    stage = "stage"
    promote = "promote"
    finish = "finish"


class RecordKind(StrEnum):
    """What manifests can hold."""

    group = "EnrollmentGroup"
    individual = "IndividualEnrollment"


class AuthType(StrEnum):
    """Sign requests with a policy key, or with a token of the signed-in user."""

    key = "key"
    login = "login"


class CloudName(StrEnum):
    """Azure's clouds, each with hosts of its own."""

    public = "public"
    usgov = "usgov"
    china = "china"


class Algorithm(StrEnum):
    """Kinds of keys that the service takes in certificates."""

    ec = "ec"
    rsa = "rsa"


class OutputFormat(StrEnum):
    """The forms in which a result can be shown."""

    csv = "csv"
    env = "env"
    json = "json"
    jsonc = "jsonc"
    jsonl = "jsonl"
    name = "name"
    none = "none"
    table = "table"
    tsv = "tsv"
    wide = "wide"
    yaml = "yaml"
    yamlc = "yamlc"


class ReportFormat(StrEnum):
    """The forms of a result that is written for people too: those of data, markdown and text."""

    csv = "csv"
    env = "env"
    json = "json"
    jsonc = "jsonc"
    jsonl = "jsonl"
    markdown = "markdown"
    name = "name"
    none = "none"
    table = "table"
    text = "text"
    tsv = "tsv"
    wide = "wide"
    yaml = "yaml"
    yamlc = "yamlc"


class ErrorFormat(StrEnum):
    """The forms in which an error can be shown."""

    json = "json"
    text = "text"


class EnvironmentShell(StrEnum):
    """The shells in whose words variables can be set; sh is bash and zsh too."""

    sh = "sh"
    powershell = "powershell"
    fish = "fish"
    cmd = "cmd"
    json = "json"


class Colour(StrEnum):
    """When to write ANSI colours."""

    always = "always"
    auto = "auto"
    never = "never"


class GroupAttestationType(StrEnum):
    """How the devices of an enrollment group of IoT Central prove who they are."""

    x509 = "x509"
    symmetric_key = "symmetricKey"


class GroupType(StrEnum):
    """Which devices connect through an enrollment group of IoT Central."""

    iot = "iot"
    iot_edge = "iotEdge"


class KeyType(StrEnum):
    """The two keys of a shared access policy."""

    primary = "primary"
    secondary = "secondary"


class CertificateEntry(StrEnum):
    """The two places that an enrollment group of IoT Central has for certificates."""

    primary = "primary"
    secondary = "secondary"
