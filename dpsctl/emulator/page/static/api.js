// The emulator's own API, and the token that lets this tab change something.
import { find, say } from "./dom.js";

const KEPT = "dpsctl-control-token";
let isTrusted = false;

/** Raised when the emulator refuses, or is not there (status 0). */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const token = () => sessionStorage.getItem(KEPT) ?? "";

/** Ask for `path` below /_emulator/; what the answer's JSON says, null if it has none. */
export async function ask(method, path, body) {
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const given = { method, headers, cache: "no-store", credentials: "omit", redirect: "error" };
  let answer;
  try {
    answer = await fetch(path, body === undefined ? given : { ...given, body });
  } catch {
    throw new Refused(0, "The emulator cannot be reached.");
  }
  const text = method === "HEAD" ? "" : await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  if (answer.status === 401) trust(false);
  throw new Refused(answer.status, messageOf(text) ?? `The emulator answered ${answer.status}.`);
}

function messageOf(text) {
  try {
    return JSON.parse(text).message;
  } catch {
    return undefined;
  }
}

/** Do what changes something, and say if that was refused. Whether it went well. */
export async function change(method, path, body) {
  try {
    await ask(method, path, body === undefined ? undefined : JSON.stringify(body));
    return true;
  } catch (error) {
    say(error.status === 401 ? "The control token is missing or wrong: nothing was changed." : error.message);
    return false;
  }
}

function trust(yes) {
  isTrusted = yes;
  find("sign-in").hidden = yes;
  for (const one of document.querySelectorAll("[data-changes]")) one.disabled = !yes;
}

/** Whether this tab may change something, and see keys. */
export const mayChange = () => isTrusted;

/** Take the token from behind the # of the address, where no server and no log has seen it. */
export function takeToken() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return false;
  sessionStorage.setItem(KEPT, found[1]);
  history.replaceState(null, "", `${location.pathname}#/requests`);
  return true;
}

/** Find out whether the token that this tab has is the emulator's. */
export async function checkToken() {
  if (!token()) return trust(false);
  try {
    await ask("HEAD", "environment");
    trust(true);
  } catch (error) {
    if (error.status) trust(false);
  }
}

/** Let a token be typed where there is none. */
export function signIn() {
  find("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = find("token").value.trim();
    sessionStorage.setItem(KEPT, /#token=(.+)$/.exec(typed)?.[1] ?? typed);
    await checkToken();
    find("token").value = "";
    if (!isTrusted) return say("This is not the control token of the emulator that runs here now.");
    say("This tab may change the emulator now.");
    find("main").focus();
  });
}
