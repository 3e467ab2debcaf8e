// What the emulator tells by itself. Browsers keep few connections to a host, so of many tabs one
// listens, and tells the others.
const KEPT = 1000;
const AGAIN = 3000;

export const live = { state: null, requests: [] };
const followers = { state: [], requests: [], link: [] };
const channel = new BroadcastChannel("dpsctl-emulator");
let isListening = false;
let link = "wait";

/** Be called with each new state, with new requests (null: all are new), or with how the link is. */
export const follow = (what, called) => followers[what].push(called);

const call = (what, value) => followers[what].forEach((called) => called(value));

const newest = () => live.requests.at(-1)?.number ?? 0;

function takeState(state) {
  if (live.state?.run !== state.run) live.requests = [];
  const kept = live.requests.filter((one) => one.number > state.forgotten);
  const isNew = live.state?.run !== state.run || kept.length !== live.requests.length;
  live.state = state;
  live.requests = kept;
  if (isNew) call("requests", null);
  call("state", state);
}

function takeRequests(run, list) {
  if (run !== live.state?.run) return;
  const fresh = list.filter((one) => one.number > newest());
  if (!fresh.length) return;
  live.requests = [...live.requests, ...fresh].slice(-KEPT);
  call("requests", fresh);
}

function takeLink(how) {
  link = how;
  call("link", how);
}

/** Take what one tab tells, and tell it to the others if this is the one that listens. */
function take(told) {
  if (told.state) takeState(told.state);
  if (told.requests) takeRequests(told.run, told.requests);
  if (told.link) takeLink(told.link);
  if (isListening) channel.postMessage(told);
}

channel.onmessage = ({ data }) => {
  if (!data.hello) return isListening || take(data);
  if (isListening && live.state) {
    channel.postMessage({ state: live.state, run: live.state.run, requests: live.requests, link });
  }
};

function listen() {
  isListening = true;
  const place = live.state ? `?after=${live.state.run}-${newest()}` : "";
  const events = new EventSource(`events${place}`);
  events.onopen = () => take({ link: "live" });
  events.addEventListener("state", (event) => take({ state: JSON.parse(event.data) }));
  events.addEventListener("requests", (event) =>
    take({ run: event.lastEventId.split("-")[0], requests: JSON.parse(event.data) }),
  );
  events.onerror = () => {
    take({ link: "lost" });
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
  };
}

/** Begin: be told by the tab that listens, and listen once there is none. */
export function start() {
  channel.postMessage({ hello: true });
  if (!navigator.locks) return listen();
  navigator.locks.request("dpsctl-emulator-events", () => {
    listen();
    return new Promise(() => {});
  });
}
