"""Azure's clouds: which names the same service has in each of them (docs/service.md#h3)."""

from __future__ import annotations

from collections.abc import Mapping

from dpsctl.frozen import frozen
from dpsctl.options.words import CloudName

# The same for every cloud: az asks for this one in all of them (azext `IOTDPS_RESOURCE_ID`).
DPS_SCOPE = "https://azure-devices-provisioning.net/.default"
ARM_URL_VARIABLE = "DPSCTL_ARM_URL"


@frozen
class Cloud:
    """The hosts of one cloud; *az_name* is what az calls it."""

    az_name: str
    arm_host: str
    authority_host: str
    dps_suffix: str

    @property
    def arm_scope(self) -> str:
        """Return the scope of a token for ARM."""
        return f"https://{self.arm_host}/.default"

    def authority(self, environ: Mapping[str, str]) -> str:
        """Return the host that issues tokens, without a scheme; `AZURE_AUTHORITY_HOST` wins."""
        host = environ.get("AZURE_AUTHORITY_HOST") or self.authority_host
        return host.removeprefix("https://").rstrip("/")


CLOUDS = {
    CloudName.public: Cloud(
        "AzureCloud",
        "management.azure.com",
        "login.microsoftonline.com",
        "azure-devices-provisioning.net",
    ),
    CloudName.usgov: Cloud(
        "AzureUSGovernment",
        "management.usgovcloudapi.net",
        "login.microsoftonline.us",
        "azure-devices-provisioning.us",
    ),
    CloudName.china: Cloud(
        "AzureChinaCloud",
        "management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        "azure-devices-provisioning.cn",
    ),
}


def cloud_of(name: str | None) -> Cloud:
    """Return the cloud called *name*; the public one unless given."""
    return CLOUDS[CloudName(name or "public")]


def cloud_of_host(host: str) -> CloudName | None:
    """Tell from a service's *host* which cloud it is in; None if it could be any."""
    for name, cloud in CLOUDS.items():
        if host.lower().partition(":")[0].endswith(f".{cloud.dps_suffix}"):
            return name
    return None
