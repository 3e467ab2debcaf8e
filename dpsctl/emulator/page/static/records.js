// Groups, enrollments and registrations: some at a time, found by their ids.
import { ask, mayChange } from "./api.js";
import { showDetails } from "./details.js";
import { command, empty, fill, find, make, moment, number, plain, say, timeElement } from "./dom.js";
import { follow, live } from "./live.js";

const SIZE = 100;
const column = (title, cell, className = "") => ({ title, cell, className });
const attestation = column("Attestation", ({ record }) => plain(record.attestation?.type ?? ""), "fit");
const updated = column("Updated", ({ record }) => timeElement(record.lastUpdatedDateTimeUtc, moment), "fit muted less");
const hubs = column("Hubs", ({ record }) => plain((record.iotHubs ?? []).join(", ") || "all"), "less");

const tones = { assigned: "good", assigning: "fair", failed: "bad", disabled: "fair", unassigned: "muted" };
const tone = (status) => make("span", { class: tones[status] ?? "" }, plain(status ?? ""));
const enabled = column(
  "Lets in",
  ({ record }) =>
    record.provisioningStatus === "disabled"
      ? make("span", { class: "fair" }, "disabled")
      : make("span", { class: "good" }, "enabled"),
  "fit",
);

const LISTS = {
  groups: {
    collection: "enrollmentGroups",
    id: "enrollmentGroupId",
    one: "Enrollment group",
    columns: [
      attestation,
      enabled,
      column("Allocation", ({ record }) => plain(record.allocationPolicy ?? "default"), "fit less"),
      hubs,
      column("Devices", (row) => devicesOf(row), "number"),
      updated,
    ],
    nothing: () =>
      empty("No enrollment groups", "A group lets in every device that has a key or a certificate of its family:",
        command("dpsctl enrollment-group create --group-id line-4")),
  },
  enrollments: {
    collection: "enrollments",
    id: "registrationId",
    one: "Individual enrollment",
    columns: [
      column("Device id", ({ record }) => plain(record.deviceId ?? ""), "less"),
      attestation,
      enabled,
      column("Device", ({ status }) => tone(status), "fit"),
      hubs,
      updated,
    ],
    nothing: () =>
      empty("No individual enrollments", "An enrollment lets one device in:",
        command("dpsctl enrollment create --enrollment-id pump-7 --attestation-type symmetricKey")),
  },
  registrations: {
    collection: "registrations",
    id: "registrationId",
    one: "Registration",
    columns: [
      column("Status", ({ record }) => [tone(record.status), why(record)], "wide"),
      column("Hub", ({ record }) => plain(record.assignedHub ?? ""), "less"),
      column("Device id", ({ record }) => plain(record.deviceId ?? ""), "less"),
      column("Group", ({ group }) => plain(group || "")),
      updated,
    ],
    nothing: () =>
      empty("No registrations", "A device shows up here once it has registered. To play one, of a group that is there:",
        command("dpsctl device registration create --group-id line-4 --registration-id device-1")),
  },
};

const why = (record) => (record.errorMessage ? make("span", { class: "why" }, plain(record.errorMessage)) : null);

function devicesOf({ record, registrations }) {
  if (!registrations) return "0";
  const group = record.enrollmentGroupId;
  const open = () => {
    Object.assign(views.registrations, { group, skip: 0 });
    location.hash = "#/registrations";
  };
  return make("button", { type: "button", class: "bare", onclick: open, "aria-label": `${registrations} devices of ${plain(group)}` }, number(registrations));
}

/** One list: what of it is shown, and how it is drawn. */
class View {
  constructor(name) {
    Object.assign(this, { name, ...LISTS[name], text: "", group: "", skip: 0, asked: 0, isBusy: false, revision: null, drawn: "" });
    this.section = find(name);
    this.place = this.section.querySelector(".list");
    this.search = make("input", { type: "search", placeholder: "Find: a part of the id", autocomplete: "off", spellcheck: "false",
      oninput: () => this.go({ text: this.search.value.trim(), skip: 0 }) });
    this.tools = make("div", { class: "tools", role: "group", "aria-label": "What is shown" },
      make("label", { class: "grow" }, make("span", { class: "hidden" }, "Find a part of the id"), this.search));
    this.chips = make("div", { class: "tools" });
    this.rows = make("div", { class: "list" });
    fill(this.place, this.tools, this.chips, this.rows);
  }

  go(change) {
    Object.assign(this, change);
    this.draw();
  }

  /** Ask for what is shown, once at a time: what changes meanwhile is asked for afterwards. */
  async draw() {
    if (this.section.hidden || document.hidden) return; // who looks again has it drawn again
    this.asked += 1;
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (let done = 0; done !== this.asked; ) {
        done = this.asked;
        const query = new URLSearchParams({ text: this.text, group: this.group, skip: this.skip, size: SIZE });
        this.show(await ask("GET", `records/${this.collection}?${query}`));
        this.revision = live.state?.revision;
      }
    } catch (error) {
      say(error.message);
    } finally {
      this.isBusy = false;
    }
  }

  show(told) {
    const { total, rows } = told;
    const drawn = JSON.stringify([told, this.skip, this.text, this.group]);
    if (drawn === this.drawn) return; // what is the same stays, and with it what is marked or focused
    if (!rows.length && total && this.skip) return this.go({ skip: Math.floor((total - 1) / SIZE) * SIZE });
    const focused = document.activeElement?.closest("tr")?.dataset.id;
    const forward = document.activeElement?.dataset?.step;
    this.drawn = drawn;
    this.showChip();
    fill(this.rows, rows.length ? [this.table(rows), this.pages(total, rows.length)] : this.none());
    const again = focused === undefined ? null : this.buttonOf(focused);
    if (again) again.focus();
    else if (forward) this.rows.querySelector(`[data-step="${forward}"]:enabled, [data-step]:enabled`)?.focus();
  }

  /** The button that opens the record with this id, if it is shown. */
  buttonOf(id) {
    const row = [...this.rows.querySelectorAll("tr")].find((one) => one.dataset.id === id);
    return row?.querySelector("button") ?? null;
  }

  showChip() {
    const drop = () => {
      this.go({ group: "", skip: 0 });
      this.search.focus();
    };
    fill(this.chips, this.group ? make("span", { class: "chip" }, `Group ${plain(this.group)}`,
      make("button", { type: "button", class: "small", "aria-label": "Show all groups", onclick: drop }, "✕")) : null);
    this.chips.hidden = !this.group;
  }

  none() {
    if (!this.text && !this.group) return this.nothing();
    const clear = () => {
      this.search.value = "";
      this.go({ text: "", group: "", skip: 0 });
      this.search.focus();
    };
    return empty("Nothing matches", "No id contains that.", make("button", { type: "button", onclick: clear }, "Show all"));
  }

  table(rows) {
    const heads = this.columns.map(({ title, className }) => make("th", { scope: "col", class: className }, title));
    return make("div", { class: "table" }, make("table", { "aria-labelledby": `${this.name}-title` },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Id"), heads)),
      make("tbody", {}, rows.map((row) => this.row(row)))));
  }

  row(row) {
    const id = row.record[this.id];
    const open = make("button", { type: "button", class: "bare mono", onclick: () => this.open(id) }, plain(id));
    return make("tr", { "data-id": id }, make("th", { scope: "row" }, open),
      this.columns.map(({ cell, className }) => make("td", { class: className }, cell(row))));
  }

  pages(total, count) {
    const step = (title, skip, isPossible) =>
      make("button", { type: "button", "data-step": title, disabled: !isPossible, onclick: () => this.go({ skip }) }, title);
    const last = Math.floor((total - 1) / SIZE) * SIZE;
    const shown = make("p", { class: "shown muted", role: "status" },
      `${number(this.skip + 1)}–${number(this.skip + count)} of ${number(total)}, newest first`);
    if (total <= SIZE) return make("div", { class: "pages" }, shown);
    return make("nav", { class: "pages", "aria-label": "Pages" }, shown,
      step("First", 0, this.skip > 0), step("Newer", Math.max(0, this.skip - SIZE), this.skip > 0),
      step("Older", this.skip + SIZE, this.skip < last), step("Last", last, this.skip < last));
  }

  async open(id, withKeys = false) {
    const path = `${this.collection}/${encodeURIComponent(id)}`;
    try {
      const record = await ask("GET", withKeys ? `keys/${path}` : `records/${path}`);
      const place = this.name === "groups" ? null : await this.hubOf(id);
      showDetails(id, {
        opener: () => this.buttonOf(id),
        facts: { Kind: this.one, Status: record.status ?? record.provisioningStatus, "Why": record.errorMessage, Hub: place?.assignedHub },
        tools: this.name === "registrations" ? [] : [this.keysButton(id, withKeys)],
        parts: { Record: record, ...(place ? { "Twin at the hub": place.twin } : {}) },
      });
    } catch (error) {
      say(error.status === 404 ? `${id} is not there any more.` : error.message);
    }
  }

  keysButton(id, areShown) {
    const label = areShown ? "Hide keys" : mayChange() ? "Show keys" : "Show keys (needs the control token)";
    return make("button", { type: "button", "aria-pressed": String(areShown), disabled: !mayChange(),
      onclick: async () => {
        await this.open(id, !areShown);
        find("details-body").querySelector("[aria-pressed]")?.focus();
      } }, label);
  }

  async hubOf(id) {
    try {
      return await ask("GET", `devices/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }
}

export const views = {};

export function startRecords() {
  for (const name of Object.keys(LISTS)) views[name] = new View(name);
  follow("state", (state) => {
    for (const view of Object.values(views)) if (view.revision !== state.revision) view.draw();
  });
}
