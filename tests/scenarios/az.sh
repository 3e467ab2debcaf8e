#!/usr/bin/env bash
# A script written for az, with 'az iot dps' and 'az iot' replaced by dpsctl and nothing else: every
# line names the service, its group and its subscription, as public scripts do.
set -euo pipefail
subscription="91d12660-3dec-467a-be2a-213b5544ddc0"

dpsctl show -n my-dps -g my-rg --subscription "$subscription" --query properties.idScope -o tsv > scope
dpsctl list -g my-rg --subscription "$subscription" --query '[0].properties.state' -o tsv
login=$(dpsctl connection-string show -n my-dps -g my-rg --subscription "$subscription" --query connectionString -o tsv)
dpsctl policy list --dps-name my-dps -g my-rg --subscription "$subscription" --query '[].keyName' -o tsv
dpsctl policy show --dps-name my-dps -g my-rg --subscription "$subscription" --pn provisioningserviceowner --query rights -o tsv

dpsctl certificate root --cn factory-root -o none
dpsctl certificate create --dps-name my-dps -g my-rg --subscription "$subscription" --name root-1 --path factory-root.pem -o none
etag=$(dpsctl certificate show --dps-name my-dps -g my-rg --subscription "$subscription" --name root-1 --query etag -o tsv)
dpsctl certificate generate-verification-code --dps-name my-dps -g my-rg --subscription "$subscription" --name root-1 --etag "$etag" > code.json
dpsctl certificate verification --code "$(sed -n 's/.*"verificationCode": "\(.*\)".*/\1/p' code.json)" --issuer factory-root.pem -o none
etag=$(sed -n 's/.*"etag": "\(.*\)".*/\1/p' code.json)
dpsctl certificate verify --dps-name my-dps -g my-rg --subscription "$subscription" --name root-1 --path verification.pem --etag "$etag" --query properties.isVerified
dpsctl certificate list --dps-name my-dps -g my-rg --subscription "$subscription" --query 'value[].name' -o tsv

dpsctl enrollment-group create -n my-dps -g my-rg --subscription "$subscription" --enrollment-id by-root --root-ca-name root-1 -o none
dpsctl certificate device --rid device-1 --issuer factory-root.pem -o none
dpsctl device register -n my-dps -g my-rg --subscription "$subscription" --rid device-1 --cp device-1.pem --kp device-1.key --query status -o tsv
dpsctl enrollment-group registration list -n my-dps -g my-rg --subscription "$subscription" --enrollment-id by-root --query '[].deviceId' -o tsv

dpsctl enrollment create -n my-dps -g my-rg --subscription "$subscription" --enrollment-id device-2 --attestation-type symmetricKey -o none
key=$(dpsctl enrollment show -n my-dps -g my-rg --subscription "$subscription" --enrollment-id device-2 --show-keys --query attestation.symmetricKey.primaryKey -o tsv)
dpsctl device register --id-scope "$(cat scope)" --rid device-2 --key "$key" --query status -o tsv
dpsctl enrollment registration show -n my-dps -g my-rg --subscription "$subscription" --enrollment-id device-2 --query status -o tsv
dpsctl enrollment list --login "$login" --query '[].registrationId' -o tsv
dpsctl enrollment-group delete -n my-dps -g my-rg --subscription "$subscription" --enrollment-id by-root --auth-type login
dpsctl enrollment-group list -n my-dps -g my-rg --subscription "$subscription" --auth-type login
dpsctl certificate delete --dps-name my-dps -g my-rg --subscription "$subscription" --name root-1 --etag '*'
