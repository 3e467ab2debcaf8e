// One thing, whole: a request, or a record with its keys once they are asked for.
import { copyButton, fill, find, make, plain } from "./dom.js";

const facts = (given) =>
  make(
    "dl",
    { class: "values" },
    Object.entries(given)
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value.nodeType ? value : plain(value)))),
  );

function part(name, value) {
  const isNothing = value === null || value === undefined || (typeof value === "object" && !Object.keys(value).length);
  if (isNothing) return make("p", { class: "muted" }, `${name}: none`);
  const text = JSON.stringify(value, null, 2);
  return make(
    "section",
    {},
    make("p", { class: "tools" }, make("h3", {}, name), copyButton(text, name)),
    make("pre", { class: "mono", tabindex: "0", "aria-label": name }, text.split("\n").map(plain).join("\n")),
  );
}

let back = () => null;

/**
 * Show `facts`, JSON `parts` by name, and `tools`; more calls while it is open replace what is there.
 * `opener` finds the button that opened it, which may have been drawn anew meanwhile.
 */
export function showDetails(title, { facts: given = {}, parts = {}, tools = [], opener }) {
  back = opener;
  find("details-title").textContent = plain(title);
  fill(
    find("details-body"),
    facts(given),
    tools.length ? make("p", { class: "tools" }, tools) : null,
    Object.entries(parts).map(([name, value]) => part(name, value)),
  );
  if (!find("details").open) find("details").showModal();
}

export function startDetails() {
  const dialog = find("details");
  find("details-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    fill(find("details-body")); // keys do not stay in the page
    back()?.focus();
  });
}
