// Records written all at once, and everything forgotten.
import { ask, change, Refused } from "./api.js";
import { find, plural, say } from "./dom.js";
import { live } from "./live.js";

const EXAMPLE = {
  enrollmentGroups: [{ enrollmentGroupId: "line-4", attestation: { type: "symmetricKey" }, initialTwin: { tags: { site: "eu" } } }],
  enrollments: [{ registrationId: "pump-7", attestation: { type: "symmetricKey" } }],
  registrations: [{ registrationId: "device-1", enrollmentGroupId: "line-4", status: "assigned", assignedHub: "hub-1.azure-devices.net" }],
};

const TOO_MUCH = "That is too much for one request. Start the emulator with --seed FILE, or seed it in parts.";

async function seed(event) {
  event.preventDefault();
  const wrong = find("seed-wrong");
  wrong.textContent = "";
  try {
    JSON.parse(find("seed-text").value);
    const written = await ask("POST", "seed", find("seed-text").value);
    say(`Written: ${Object.entries(written).map(([name, count]) => `${count} ${name}`).join(", ") || "nothing"}.`);
  } catch (error) {
    if (error instanceof SyntaxError) wrong.textContent = `This is no JSON: ${error.message}`;
    else if (error instanceof Refused && error.status === 413) {
      wrong.textContent = TOO_MUCH;
    } else wrong.textContent = error.message;
    find("seed-text").focus();
  }
}

async function read() {
  const [file] = find("seed-file").files;
  if (!file) return;
  if (file.size > live.state.bodyBytes) {
    find("seed-wrong").textContent = TOO_MUCH;
    return;
  }
  find("seed-text").value = await file.text();
  find("seed-text").focus();
  say(`${file.name} is read; Seed writes it.`);
}

function askFirst() {
  const { enrollmentGroups, enrollments, registrations } = live.state.records;
  find("ask-text").textContent =
    `It holds ${plural(enrollmentGroups, "group")}, ${plural(enrollments, "enrollment")} and ` +
    `${plural(registrations, "registration")}. They are gone then, the log and IoT Central's records too.`;
  find("ask").showModal();
  find("ask-no").focus();
}

export function startData() {
  find("seed").addEventListener("submit", seed);
  find("seed-file").addEventListener("change", read);
  find("seed-example").addEventListener("click", () => {
    find("seed-text").value = JSON.stringify(EXAMPLE, null, 2);
    find("seed-text").focus();
  });
  find("reset").addEventListener("click", askFirst);
  find("ask-no").addEventListener("click", () => find("ask").close());
  find("ask-yes").addEventListener("click", async () => {
    find("ask").close();
    if (await change("POST", "reset")) say("The emulator is as it was at the start.");
  });
}
