// How a client finds the emulator; secrets are fetched when they are asked for, and not before.
import { ask, mayChange } from "./api.js";
import { command, copy, copyButton, fill, find, make, plain, say } from "./dom.js";
import { follow, live } from "./live.js";

const SECRETS = {
  "Connection string": "connectionString",
  "Access token": "accessToken",
  "IoT Central token": "centralToken",
  "Control token": "controlToken",
};
const HIDDEN = "••••••••";
let shown = null;

const value = (name, text, ...tools) =>
  make("div", {}, make("dt", {}, name), make("dd", { class: "mono" }, plain(text)), make("dd", {}, tools));

function terminals() {
  const port = new URL(live.state.endpoint).port || "443";
  const lines = {
    "sh, bash, zsh": `eval "$(dpsctl emulator env --port ${port})"`,
    fish: `dpsctl emulator env --shell fish --port ${port} | source`,
    PowerShell: `dpsctl emulator env --shell powershell --port ${port} | Out-String | Invoke-Expression`,
  };
  return make("dl", { class: "values" }, Object.entries(lines).map(([name, line]) =>
    value(name, line, copyButton(line, `the line for ${name}`))));
}

function facts() {
  const { endpoint, host, idScope, mqttPort, hubs, caFile, pid } = live.state;
  const known = {
    Endpoint: endpoint,
    Host: host,
    "ID scope": idScope,
    "MQTT port": mqttPort && String(mqttPort),
    "CA certificate": caFile,
    Hubs: hubs.join(" "),
    Process: pid && String(pid),
  };
  return Object.entries(known).filter(([, text]) => text).map(([name, text]) => value(name, text, copyButton(text, name)));
}

/** Fetch what a client needs; null, and a word to the user, if that was refused. */
async function fetched() {
  try {
    return await ask("GET", "environment");
  } catch (error) {
    say(error.status === 401 ? "That needs the control token." : error.message);
    return null;
  }
}

function secrets() {
  return Object.entries(SECRETS).map(([name, field]) => {
    const take = async () => {
      const told = await fetched();
      if (told) copy(told.ready[field], name);
    };
    const button = make("button", { type: "button", class: "small", "aria-label": `Copy ${name}`, disabled: !mayChange(),
      "data-changes": true, onclick: take }, "Copy");
    return value(name, shown ? shown.ready[field] : HIDDEN, button);
  });
}

function drawSecrets() {
  fill(find("connect-secrets"), secrets());
  const button = find("connect-show");
  button.setAttribute("aria-pressed", String(Boolean(shown)));
  button.textContent = shown ? "Hide" : "Show";
  const lines = find("connect-lines");
  lines.hidden = !shown;
  lines.textContent = shown ? shown.lines[find("connect-shell").value] : "";
}

let drawn = "";

function draw() {
  if (!live.state || find("connect").hidden) return;
  const { run, idScope } = live.state;
  const now = `${run} ${idScope} ${mayChange()}`;
  if (now === drawn) return;
  drawn = now;
  shown = null;
  fill(find("connect-terminal"), terminals());
  fill(find("connect-facts"), facts());
  drawSecrets();
}

export const connect = {
  draw,
  /** Show no secret longer than its view. */
  leave() {
    shown = null;
    drawn = "";
    drawSecrets();
  },
};

export function startConnect() {
  follow("state", draw);
  find("connect-show").addEventListener("click", async () => {
    const told = shown ? null : await fetched();
    shown = find("connect").hidden ? null : told; // who left meanwhile wants none
    drawSecrets();
  });
  find("connect-shell").addEventListener("change", drawSecrets);
  find("connect-copy").addEventListener("click", async () => {
    const told = await fetched();
    if (told) copy(told.lines[find("connect-shell").value], "The environment");
  });
}
