#!/bin/sh
# The main job in a minute, on the embedded emulator:
#   dpsctl emulator exec -- sh tests/scenarios/quickstart.sh
set -eu

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "Let a family of devices in: an enrollment group. The service makes its keys."
run dpsctl enrollment-group create --group-id line-4 --tags site=eu rack:=7 -o table

say "What the service holds. Keys are shown only on request."
run dpsctl enrollment-group show --group-id line-4

say "A device's key is derived from the group's: fetched once ..."
printf '%s\n' '$ dpsctl enrollment-group show --group-id line-4 --show-keys \' \
    '      --query attestation.symmetricKey.primaryKey -o tsv > group.key'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
(umask 077 && dpsctl enrollment-group show --group-id line-4 --show-keys \
    --query attestation.symmetricKey.primaryKey -o tsv > group.key)

say "... and from then on offline, as a factory needs it."
run dpsctl enrollment-group compute-device-key --key @group.key --registration-id device-1 -o tsv

say "Change one thing; everything else stays as it is."
run dpsctl enrollment-group update --group-id line-4 --provisioning-status disabled \
    --query '{group: enrollmentGroupId, status: provisioningStatus, tags: initialTwin.tags}'

say "A second line of devices, with a hub of its own. First look at what would be sent."
run dpsctl enrollment-group create --group-id line-5 --allocation-policy static \
    --iot-hubs hub-5.azure-devices.net --dry-run
run dpsctl enrollment-group create --group-id line-5 --allocation-policy static \
    --iot-hubs hub-5.azure-devices.net --query enrollmentGroupId

say "All groups."
run dpsctl enrollment-group list -o table

say "Clean up. A group that is gone is exit code 3."
run dpsctl enrollment-group delete --group-id line-4
run dpsctl enrollment-group delete --group-id line-5
code=0
run dpsctl enrollment-group show --group-id line-4 || code=$?
printf '(exit code %s)\n' "$code"
test "$code" = 3
