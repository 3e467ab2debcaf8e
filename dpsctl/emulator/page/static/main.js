// The page: which view is shown, what stands above all of them, and what starts them.
import { checkToken, signIn, takeToken } from "./api.js";
import { connect, startConnect } from "./connect.js";
import { startData } from "./data.js";
import { startDetails } from "./details.js";
import { find, number, plain } from "./dom.js";
import { faults, startFaults } from "./faults.js";
import { follow, live, start } from "./live.js";
import { startRecords, views } from "./records.js";
import { requests, startRequests } from "./requests.js";

const LINKS = { wait: "Connecting", live: "Live", lost: "Not reached, trying again" };
const drawers = { requests, faults, connect, data: { draw() {} } };
let current = null;

const drawCurrent = () => (views[current] ?? drawers[current]).draw();

function showView({ isMove }) {
  const wanted = location.hash.slice(2);
  const name = document.querySelector(`main > section[id="${CSS.escape(wanted)}"]`) ? wanted : "requests";
  if (name === current) return;
  if (current === "connect") connect.leave();
  current = name;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  for (const link of document.querySelectorAll(".side a")) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = find(`${name}-title`);
  document.title = `${title.textContent} · dpsctl emulator`;
  drawCurrent();
  if (!isMove) return;
  title.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function count(name, value, isAlarm = false) {
  const place = document.querySelector(`[data-count="${name}"]`);
  place.textContent = value ? number(value) : "";
  place.toggleAttribute("data-alarm", isAlarm);
}

let run = null;

function showState(state) {
  find("endpoint").textContent = plain(state.endpoint ?? "");
  find("id-scope").textContent = plain(state.idScope ?? "");
  for (const [name, value] of Object.entries(state.records)) count(name, value);
  count("faults", state.faults.length, state.faults.some((one) => !one.isSpent));
  if (run && run !== state.run) checkToken(); // another emulator, which has another token
  run = state.run;
}

function showLink(how) {
  find("link").dataset.state = how;
  find("link-text").textContent = LINKS[how];
}

startDetails();
startRequests();
startRecords();
startFaults();
startData();
startConnect();
signIn();
follow("state", showState);
follow("requests", () => count("requests", live.requests.length));
follow("link", showLink);
window.addEventListener("hashchange", async () => {
  if (takeToken()) await checkToken();
  showView({ isMove: true });
});
document.addEventListener("visibilitychange", () => document.hidden || drawCurrent());
takeToken();
showView({ isMove: false });
await checkToken();
start();
