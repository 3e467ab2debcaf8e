// Faults, switched on and off.
import { ask, change, mayChange, Refused } from "./api.js";
import { fill, find, make, plain, plural, say } from "./dom.js";
import { follow, live } from "./live.js";

const OFTEN = [
  ["503 twice", "The next two requests fail; a client that tries again gets through."],
  ["429 once, Retry-After 2", "The next request is told to come again in two seconds."],
  ["5xx", "Every request fails: 500, 502, 503, 504 in turn."],
  ["latency 800ms", "Every answer is slow."],
  ["reset once on PUT", "The next write is done, and its answer is lost."],
  ["cut once", "The next answer is half of its JSON."],
  ["throttle 60", "429 to more than 60 operations a minute."],
  ["skew -1h", "The service's clock is an hour behind."],
];
const LOCAL_AUTH = ["disableLocalAuth", "No policy key opens the service, access tokens alone do."];

const inForce = () => live.state.faults.map((one) => one.text);

/** Put these in force. Raises Refused. */
const replace = (texts) => ask("PUT", "faults", JSON.stringify({ faults: texts }));

async function put(text, isOn) {
  const others = inForce().filter((one) => one !== text);
  try {
    await replace(isOn ? [...others, text] : others);
    say(`${text} is ${isOn ? "on" : "off"}.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
  }
}

function onOff(name, text, isOn, flip) {
  const id = `switch-${name.replace(/\W+/g, "-")}`;
  const button = make("button", { type: "button", role: "switch", class: "switch", "aria-checked": String(isOn),
    "aria-labelledby": id, disabled: !mayChange(), "data-changes": true, "data-name": name, onclick: () => flip(!isOn) });
  return make("li", {}, button, make("div", { class: "text mono", id }, name, make("span", {}, text)));
}

function standing({ text, struck, isSpent }) {
  const is = isSpent ? `struck ${plural(struck, "time")}, over` : struck ? `struck ${plural(struck, "time")}` : "has not struck yet";
  const off = make("button", { type: "button", class: "small", "aria-label": `Switch off ${plain(text)}`, disabled: !mayChange(),
    "data-changes": true, "data-name": text, onclick: () => put(text, false) }, "Off");
  return make("li", {}, make("div", { class: "text mono" }, plain(text), make("span", {}, is)), off);
}

function draw() {
  if (!live.state || find("faults").hidden) return;
  const { faults, disableLocalAuth } = live.state;
  const focused = document.activeElement?.closest("#faults-often, #faults-now")?.id;
  const name = document.activeElement?.dataset.name;
  const texts = inForce();
  fill(find("faults-now"), faults.map(standing));
  find("faults-none").hidden = faults.length > 0;
  fill(find("faults-often"),
    OFTEN.map(([text, what]) => onOff(text, what, texts.includes(text), (isOn) => put(text, isOn))),
    onOff(...LOCAL_AUTH, disableLocalAuth, (isOn) => change("PUT", "settings", { disableLocalAuth: isOn })));
  if (!focused) return;
  const again = [...find(focused).querySelectorAll("[data-name]")].find((one) => one.dataset.name === name);
  (again ?? find("faults-text")).focus();
}

export const faults = { draw };

export function startFaults() {
  follow("state", draw);
  find("faults-off").addEventListener("click", async () => {
    if (await change("DELETE", "faults")) say("Everything works again.");
  });
  find("faults-add").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = find("faults-text");
    const wrong = find("faults-wrong");
    wrong.textContent = "";
    try {
      await replace([...inForce(), typed.value.trim()]);
      say(`${typed.value.trim()} is on.`);
      typed.value = "";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      wrong.textContent = error.message.replace(/^--fault /, "");
      typed.focus();
    }
  });
}
