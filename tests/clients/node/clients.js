// What a service and a device written with Microsoft's Node SDKs do: `node clients.js STORY`.
// Prints as JSON what they were told; DPSCTL_LOGIN and DPSCTL_ID_SCOPE say whom to ask, and
// DPSCTL_ARM_URL and DPSCTL_ACCESS_TOKEN whom the management SDK asks.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { IotDpsClient } from "@azure/arm-deviceprovisioningservices";
import device from "azure-iot-provisioning-device";
import http from "azure-iot-provisioning-device-http";
import service from "azure-iot-provisioning-service";
import symmetricKey from "azure-iot-security-symmetric-key";
import x509 from "azure-iot-security-x509";

const { DPSCTL_LOGIN, DPSCTL_ID_SCOPE, DPSCTL_ARM_URL, DPSCTL_ACCESS_TOKEN } = process.env;
const dps = service.ProvisioningServiceClient.fromConnectionString(DPSCTL_LOGIN);
const host = /HostName=([^;]*)/.exec(DPSCTL_LOGIN)[1];

const group = (id, more = {}) => ({
  enrollmentGroupId: id,
  attestation: { type: "symmetricKey" },
  ...more,
});
const enrollment = (id, more = {}) => ({
  registrationId: id,
  attestation: { type: "symmetricKey" },
  ...more,
});
const body = (answer) => answer.responseBody;

/** The status and the code that a call which must fail was refused with. */
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    const status = error.response?.statusCode ?? error.result?.response?.statusCode;
    return [error.name, status, JSON.parse(error.responseBody).errorCode];
  }
  throw new Error("nothing was refused");
}

/** All pages of a query, each as the ids in it. */
async function pages(query, idField) {
  const found = [];
  do {
    // Without a callback, next() asks for the first page unless it is told the token.
    const page = body(await query.next(query.continuationToken));
    found.push(page.map((record) => record[idField]));
  } while (query.hasMoreResults);
  return found;
}

/** Register over HTTPS, and tell what came of it. */
function register(security) {
  const client = device.ProvisioningDeviceClient.create(
    host, DPSCTL_ID_SCOPE, new http.Http(), security,
  );
  return new Promise((resolve, reject) => {
    client.register((error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** What the SDK asks of a TPM; *program* does it. */
class Tpm {
  constructor(registrationId, keys, program) {
    this.ask = (...words) => execFileSync(program[0], [...program.slice(1), ...words]).toString();
    const answer = (value) => (callback) => callback(null, value);
    this.getRegistrationId = answer(registrationId);
    this.getEndorsementKey = answer(Buffer.from(keys.endorsementKey, "base64"));
    this.getStorageRootKey = answer(Buffer.from(keys.storageRootKey, "base64"));
  }

  activateIdentityKey(blob, callback) {
    this.ask("activate", blob.toString("base64"));
    callback();
  }

  signWithIdentity(data, callback) {
    callback(null, Buffer.from(this.ask("sign", data.toString("base64")), "base64"));
  }
}

/** The management SDK, for whoever has *token*. */
function management(token = DPSCTL_ACCESS_TOKEN) {
  const expiresOnTimestamp = Date.now() + 3600_000;
  const credential = { getToken: async () => ({ token, expiresOnTimestamp }) };
  return new IotDpsClient(credential, "91d12660-3dec-467a-be2a-213b5544ddc0", {
    endpoint: DPSCTL_ARM_URL,
    retryOptions: { maxRetries: 0 },
  });
}

/** The status and the code that a management call which must fail was refused with. */
const armRefusal = (call) =>
  call.then(
    () => { throw new Error("nothing was refused"); },
    (error) => [error.statusCode, error.code],
  );

const derivedKey = (groupKey, id) =>
  createHmac("SHA256", Buffer.from(groupKey, "base64")).update(id, "utf8").digest("base64");

const stories = {
  async etags() {
    const created = body(await dps.createOrUpdateEnrollmentGroup(group("line-4")));
    const changed = { ...created, provisioningStatus: "disabled" };
    const updated = body(await dps.createOrUpdateEnrollmentGroup(changed));
    return {
      exists: await refusal(dps.createOrUpdateEnrollmentGroup(group("line-4"))),
      updated: updated.provisioningStatus,
      stale: await refusal(dps.createOrUpdateEnrollmentGroup(changed)),
      staleDelete: await refusal(dps.deleteEnrollmentGroup("line-4", created.etag)),
      shown: body(await dps.getEnrollmentGroup("line-4")),
      keysKept:
        created.attestation.symmetricKey.primaryKey ===
        body(await dps.getEnrollmentGroupAttestationMechanism("line-4")).symmetricKey.primaryKey,
      deleted: (await dps.deleteEnrollmentGroup("line-4", updated.etag)) ?? null,
      gone: await refusal(dps.getEnrollmentGroup("line-4")),
    };
  },

  async paging() {
    for (let number = 0; number < 5; number++) {
      await dps.createOrUpdateIndividualEnrollment(enrollment(`pump-${number}`));
    }
    return pages(dps.createIndividualEnrollmentQuery({ query: "SELECT *" }, 2), "registrationId");
  },

  async bulk() {
    const enrollments = ["pump-1", "pump-2"].map((id) => enrollment(id));
    const runBulk = promisify(dps.runBulkEnrollmentOperation.bind(dps)); // its own promise never ends
    const run = (mode) => runBulk({ mode, enrollments });
    return {
      created: await run("create"),
      again: await run("create"),
      deleted: await run("delete"),
    };
  },

  async symmetricKey() {
    const created = body(await dps.createOrUpdateEnrollmentGroup(group("line-4")));
    const key = derivedKey(created.attestation.symmetricKey.primaryKey, "pump-7");
    const client = symmetricKey.SymmetricKeySecurityClient;
    const wrong = new client("pump-8", created.attestation.symmetricKey.primaryKey);
    const query = dps.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, "line-4");
    return {
      told: await register(new client("pump-7", key)),
      shown: body(await dps.getDeviceRegistrationState("pump-7")),
      listed: await pages(query, "registrationId"),
      wrongKey: await refusal(register(wrong)),
    };
  },

  async management() {
    const { iotDpsResource, dpsCertificate } = management();
    const listed = [];
    for await (const each of iotDpsResource.listByResourceGroup("my-rg")) listed.push(each.name);
    const [owner] = (await iotDpsResource.listKeys("my-dps", "my-rg").byPage().next()).value;
    return {
      listed,
      shown: await iotDpsResource.get("my-rg", "my-dps"),
      keyIsTheOwners: DPSCTL_LOGIN.endsWith(`;SharedAccessKey=${owner.primaryKey}`),
      certificates: (await dpsCertificate.list("my-rg", "my-dps")).value,
      wrongToken: await armRefusal(management("e30.e30.e30").iotDpsResource.get("my-rg", "my-dps")),
    };
  },

  async authority(certificateFile) {
    const { dpsCertificate } = management();
    const certificate = readFileSync(certificateFile);
    const uploaded = await dpsCertificate.createOrUpdate("my-rg", "my-dps", "root-1", {
      properties: { certificate, isVerified: false },
    });
    const coded = await dpsCertificate.generateVerificationCode(
      "root-1", uploaded.etag, "my-rg", "my-dps",
    );
    const stale = dpsCertificate.delete("my-rg", "my-dps", "root-1", uploaded.etag);
    return {
      uploaded,
      code: coded.properties.verificationCode,
      stale: (await armRefusal(stale))[0],
      deleted: (await dpsCertificate.delete("my-rg", "my-dps", "root-1", coded.etag)) ?? null,
      gone: (await armRefusal(dpsCertificate.get("root-1", "my-rg", "my-dps")))[0],
    };
  },

  async tpm(keys, ...program) {
    const { endorsementKey, storageRootKey } = JSON.parse(keys);
    const attestation = { type: "tpm", tpm: { endorsementKey } };
    await dps.createOrUpdateIndividualEnrollment(enrollment("pump-5", { attestation }));
    return {
      told: await register(new Tpm("pump-5", { endorsementKey, storageRootKey }, program)),
      shown: body(await dps.getIndividualEnrollment("pump-5")).registrationState,
    };
  },

  async certificate(certificateFile, keyFile) {
    const [cert, key] = [certificateFile, keyFile].map((file) => readFileSync(file, "utf8"));
    const clientCertificates = { primary: { certificate: cert } };
    const attestation = { type: "x509", x509: { clientCertificates } };
    await dps.createOrUpdateIndividualEnrollment(enrollment("pump-9", { attestation }));
    return {
      told: await register(new x509.X509Security("pump-9", { cert, key })),
      shown: body(await dps.getIndividualEnrollment("pump-9")).registrationState,
    };
  },
};

const [story, ...files] = process.argv.slice(2);
console.log(JSON.stringify(await stories[story](...files)));
