// Requests as they come, and why each was refused.
import { ask, change } from "./api.js";
import { showDetails } from "./details.js";
import { command, empty, fill, find, make, moment, number, plain, plural, say, tell, time, timeElement } from "./dom.js";
import { follow, live } from "./live.js";

const MOST_ROWS = 200;
const SPEECH_PAUSE = 5000;
let most = MOST_ROWS;
let paused = null;
let unsaid = [];

const isRefused = (one) => one.status >= 400 || one.reason !== null;

const toneOf = (one) => (one.status >= 400 ? "bad" : isRefused(one) ? "fair" : "good");

function matches(one) {
  if (find("requests-refused").checked && !isRefused(one)) return false;
  const wanted = find("requests-text").value.trim().toLowerCase();
  const text = `${one.method} ${one.path} ${one.status} ${one.reason ?? ""} ${one.protocol}`.toLowerCase();
  return wanted.split(/\s+/).every((word) => text.includes(word));
}

/** A path that a line may end in behind each slash. */
const pathParts = (path) => plain(path).split(/(?<=\/)/).flatMap((part) => [part, make("wbr")]);

function row(one, isNew) {
  const tag = one.protocol === "MQTT" ? make("span", { class: "tag" }, "MQTT") : null;
  const open = make("button", { type: "button", class: "bare mono", onclick: () => show(one.number) }, pathParts(one.path));
  const why = one.reason ? make("span", { class: "why" }, plain(one.reason)) : null;
  return make(
    "tr",
    { class: isNew ? "new" : null, "data-number": one.number },
    make("td", { class: "number less muted" }, number(one.number)),
    make("td", { class: "fit muted" }, timeElement(one.timestampUtc, time)),
    make("td", { class: "fit mono less" }, plain(one.method)),
    make("td", { class: "wide" }, tag, make("span", { class: "narrow mono muted" }, plain(one.method)), open, why),
    make("td", { class: `number ${toneOf(one)}` }, String(one.status)),
    make("td", { class: "number less" }, one.ms.toFixed(1)),
  );
}

const head = () =>
  make(
    "thead",
    {},
    make(
      "tr",
      {},
      make("th", { class: "number less", scope: "col" }, "No."),
      make("th", { class: "fit", scope: "col" }, "Time"),
      make("th", { class: "fit less", scope: "col" }, "Method"),
      make("th", { scope: "col" }, "Path"),
      make("th", { class: "number", scope: "col" }, "Status"),
      make("th", { class: "number less", scope: "col" }, "ms"),
    ),
  );

function nothing() {
  return empty(
    "No requests yet",
    "They show up here as they come. In a second terminal, for a start:",
    command('eval "$(dpsctl emulator env)"'),
    command("dpsctl enrollment-group create --group-id line-4"),
  );
}

function noMatch() {
  const clear = () => {
    find("requests-text").value = "";
    find("requests-refused").checked = false;
    draw();
    find("requests-text").focus();
  };
  return empty("No request matches", "Those that were asked are hidden by what is to be found.",
    make("button", { type: "button", onclick: clear }, "Show all"));
}

function sumUp(found, kept) {
  const seen = kept.at(-1)?.number ?? 0;
  const gone = kept.length && kept[0].number > live.state.forgotten + 1 ? `, of ${number(seen)} the last` : "";
  const refused = kept.filter(isRefused).length;
  const shown = found.length === kept.length ? "" : `${number(found.length)} of `;
  find("requests-shown").textContent = kept.length
    ? `${shown}${plural(kept.length, "request")}${gone}, ${number(refused)} refused${paused ? " (paused)" : ""}`
    : "";
}

/** Draw the table anew; those numbered above `since` light up for a moment. */
function draw(since = Infinity) {
  if (find("requests").hidden || document.hidden || !live.state) return;
  const kept = paused ?? live.requests;
  const found = kept.filter(matches);
  sumUp(found, kept);
  if (!found.length) return fill(find("requests-rows"), kept.length ? noMatch() : nothing());
  const rows = found.slice(-most).reverse().map((one) => row(one, one.number > since));
  const focused = document.activeElement?.closest("#requests-rows tr")?.dataset.number;
  const older = found.length - rows.length;
  const more = () => {
    most += MOST_ROWS;
    draw();
  };
  fill(
    find("requests-rows"),
    make("div", { class: "table" }, make("table", { "aria-labelledby": "requests-title" }, head(), make("tbody", {}, rows))),
    older ? make("p", { class: "tools" }, make("button", { type: "button", onclick: more }, `Show older (${number(older)})`)) : null,
  );
  if (focused) document.querySelector(`#requests-rows tr[data-number="${focused}"] button`)?.focus();
}

async function show(wanted) {
  try {
    const one = await ask("GET", `requests/${wanted}`);
    const facts = {
      Status: make("span", { class: toneOf(one) }, String(one.status)),
      Reason: one.reason && make("span", { class: toneOf(one) }, plain(one.reason)),
      Took: `${one.ms} ms`,
      At: moment(one.timestampUtc),
      Over: one.protocol,
    };
    const { query, headers, body } = one;
    const opener = () => document.querySelector(`#requests-rows tr[data-number="${wanted}"] button`);
    showDetails(`${one.method} ${one.path}`, { facts, opener, parts: { Query: query, Headers: headers, Body: body } });
  } catch (error) {
    say(error.message);
  }
}

function speak() {
  if (!unsaid.length || find("requests").hidden) return void (unsaid = []);
  const refused = unsaid.filter(isRefused);
  const last = refused.at(-1);
  const why = last ? `: ${last.method} ${last.path}, ${last.status}, ${last.reason ?? ""}` : "";
  tell(`${plural(unsaid.length, "new request")}${refused.length ? `, ${refused.length} refused${why}` : ""}`);
  unsaid = [];
}

let drawing = 0;

function onRequests(fresh) {
  if (fresh !== null) unsaid.push(...fresh);
  else if (paused) paused = []; // what was looked at is gone
  if (drawing || (paused && fresh)) return;
  const since = fresh?.length ? fresh[0].number - 1 : Infinity;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    draw(since);
  });
}

function pause() {
  paused = paused ? null : live.requests;
  find("requests-pause").setAttribute("aria-pressed", String(Boolean(paused)));
  find("requests-pause").textContent = paused ? "Go on" : "Pause";
  draw();
}

export const requests = { draw };

export function startRequests() {
  follow("requests", onRequests);
  for (const id of ["requests-text", "requests-refused"]) find(id).addEventListener("input", () => draw());
  find("requests-pause").addEventListener("click", pause);
  find("requests-clear").addEventListener("click", async () => {
    if (await change("DELETE", "requests")) say("The log is empty.");
  });
  setInterval(speak, SPEECH_PAUSE);
}
