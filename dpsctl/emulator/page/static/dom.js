// Elements and words. What records say is set as text, always; the page's policy forbids markup.

export const find = (id) => document.getElementById(id);

/** Make an element: properties and attributes, "on..." listeners, then children (texts or nodes). */
export function make(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** Put `children` where others were. */
export function fill(place, ...children) {
  place.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

/** Spell out what is no character to look at, as a terminal of ours does: nothing turns the line around. */
export function plain(text) {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (letter) => {
    const code = letter.codePointAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

export const number = (value) => value.toLocaleString("en");

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

const two = (value, width = 2) => String(value).padStart(width, "0");

/** The time of day here, to the millisecond, of what the service wrote. */
export function time(written) {
  const at = new Date(written);
  if (Number.isNaN(at.valueOf())) return String(written ?? "");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

/** The day and the time of day here. */
export function moment(written) {
  const at = new Date(written);
  if (!written || Number.isNaN(at.valueOf())) return String(written ?? "");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time(written).slice(0, 8)}`;
}

/** The same, with the exact words of the service behind it. */
export const timeElement = (written, show) =>
  make("time", { datetime: written, title: written }, show(written).split(/(?=\.)/).map((part, place) =>
    make("span", { class: place ? "less" : null }, plain(part))));

let silence;

/** Say how something went, to the eye and to a screen reader. */
export function say(text) {
  const place = find("said");
  place.textContent = "";
  place.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => (place.textContent = ""), 8000);
}

/** Tell a screen reader alone. */
export const tell = (text) => (find("heard").textContent = text);

/** Copy `text`, or say how it can be done by hand. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    say("The browser does not let this page copy: mark the text and copy it.");
  }
}

export const copyButton = (text, what) =>
  make("button", { type: "button", class: "small", "aria-label": `Copy ${what}`, onclick: () => copy(text, what) }, "Copy");

/** A line for a terminal, and a button that copies it. */
export const command = (line) =>
  make("div", { class: "command" }, make("code", {}, line), copyButton(line, "the command"));

/** What stands where nothing is: why, and what to do. */
export const empty = (title, text, ...lines) =>
  make("div", { class: "empty" }, make("strong", {}, title), make("p", { class: "muted" }, text), ...lines);
