// The shell: navigation, the screen of the address, keys that work everywhere, and what is told of the connection.
import { effect, html, render, signal, useEffect, useState } from "./html.js";
import { forget, get, online, send, session, whenSignedOut } from "./api.js";
import { go, route, to } from "./router.js";
import { Toasts, Wait, attempt, say } from "./ui.js";
import { reset } from "./tracks.js";
import { Board } from "./board.js";

const SCREENS = [
  ["inbox", "Inbox", "i"], ["board", "Board", "b"], ["goals", "Goals", "o"], ["runs", "Runs", "r"],
  ["schedules", "Schedules", "d"], ["webhooks", "Webhooks", "w"], ["settings", "Settings", "s"],
];
/** Screens that are loaded when they are first shown. @type {Record<string, () => Promise<any>>} */
const LATER = {
  "sign-in": () => import("./signin.js").then((each) => each.SignIn),
  inbox: () => import("./inbox.js").then((each) => each.Inbox),
  tasks: () => import("./track.js").then((each) => each.TrackScreen),
  goals: () => (route.value.parts.length ? import("./goal.js").then((each) => each.Goal) : import("./goals.js").then((each) => each.Goals)),
  runs: () => (route.value.parts.length ? import("./run.js").then((each) => each.Run) : import("./runs.js").then((each) => each.Runs)),
  schedules: () => (route.value.parts.length ? import("./schedule.js").then((each) => each.ScheduleScreen) : import("./schedules.js").then((each) => each.Schedules)),
  webhooks: () => import("./webhooks.js").then((each) => each.Webhooks),
  connect: () => import("./connect.js").then((each) => each.Connect),
  settings: () => import("./settings.js").then((each) => each.Settings),
};
const RENEW_MS = 3_600_000;

/** Which dialog of everywhere is open: the palette, a new task or goal, the keys. */
export const dialog = signal("");
/** What a dialog begins with. @type {any} */
export const preset = signal({});

/** @param {string} name @param {any} [given] */
export function open(name, given = {}) {
  preset.value = given;
  dialog.value = name;
}

// ---------------------------------------------------------------- theme

const theme = signal(localStorage.getItem("theme") || "auto");
effect(() => {
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem("theme", theme.value);
});
export const nextTheme = () => (theme.value = { auto: "light", light: "dark", dark: "auto" }[theme.value] || "auto");

// ---------------------------------------------------------------- who is signed in

const isAtSignIn = () => route.value.screen === "sign-in";

whenSignedOut.call = () => {
  if (isAtSignIn()) return;
  const back = route.value.path;
  forget();
  reset();
  go(`${to.screen("sign-in")}?next=${encodeURIComponent(back)}`, { replace: true });
};

async function whoAmI() {
  if (isAtSignIn() || session.value) return;
  const found = await attempt(() => get("/v1/session"));
  if (found) session.value = found;
}

let renewed = Date.now();
/** Who uses the console stays signed in: an hour after the last time, the session is extended. */
function renew() {
  if (!session.value || isAtSignIn() || Date.now() - renewed < RENEW_MS) return;
  renewed = Date.now();
  attempt(() => send("PUT", "/v1/session"));
}
addEventListener("pointerdown", renew);
addEventListener("keydown", renew);

export async function signOut() {
  await attempt(() => send("DELETE", "/v1/session"));
  forget();
  reset();
  go(to.screen("sign-in"));
}

// ---------------------------------------------------------------- keys

let pending = "";
addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.closest && target.closest("input, textarea, select, [contenteditable]");
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (!isAtSignIn()) open("palette");
    return;
  }
  if (event.key === "Escape" && typing && !target.closest("dialog")) target.blur();
  if (typing || isAtSignIn() || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (pending === "g") {
    pending = "";
    const found = SCREENS.find(([, , key]) => key === event.key.toLowerCase());
    if (found) go(found[0] === "board" ? to.board() : to.screen(found[0]));
    return;
  }
  const act = { g: () => (pending = "g"), c: () => open("task"), "?": () => open("keys"), "/": focusSearch, j: () => step(1), k: () => step(-1) }[event.key.toLowerCase()];
  if (act) {
    event.preventDefault();
    act();
  }
});

function focusSearch() {
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector("input[type=search]"));
  if (input) input.focus();
}

/** Move the focus to the next or previous item of the screen. @param {number} by */
function step(by) {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-item]")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by];
  if (next) next.focus();
}

// ---------------------------------------------------------------- shell

function Nav() {
  const { screen } = route.value;
  const at = screen === "tasks" ? "board" : screen;
  const who = session.value;
  return html`<nav aria-label="Screens">
    <a class="brand" href=${to.board()}><span class="mark" aria-hidden="true"></span><span>Switchyard</span></a>
    <ul>${SCREENS.map(([name, title]) => html`<li key=${name}><a href=${name === "board" ? to.board() : to.screen(name)} aria-current=${at === name ? "page" : null}>${title}</a></li>`)}</ul>
    <div class="nav-tools">
      <button type="button" class="search-button" onClick=${() => open("palette")}><span>Search or jump to</span><kbd>⌘K</kbd></button>
      <button type="button" class="primary" onClick=${() => open("task")}>New task <kbd>C</kbd></button>
    </div>
    <div class="who">${who && html`<span class="who-name">${who.actor.name}</span><span class="who-place">${who.tenant.name}</span>`}</div>
  </nav>`;
}

/** @type {Map<string, any>} */
const loaded = new Map();

function Screen() {
  const { screen, parts } = route.value;
  const name = `${screen}/${parts.length ? "one" : ""}`;
  const [, redraw] = useState(0);
  useEffect(() => {
    if (screen === "board" || loaded.has(name) || !LATER[screen]) return;
    LATER[screen]().then((found) => {
      loaded.set(name, found);
      redraw((count) => count + 1);
    }).catch(() => say("A part of the console could not be loaded: load the page anew.", "bad"));
  }, [name]);
  if (screen === "board") return html`<${Board} />`;
  const Found = loaded.get(name);
  if (Found) return html`<${Found} key=${parts.join("/")} />`;
  return html`<main>${LATER[screen] ? html`<${Wait} />` : html`<${Wait} error=${{ status: 404, message: "There is no such screen." }} />`}</main>`;
}

function Dialogs() {
  const [Found, setFound] = useState(/** @type {any} */ (null));
  const name = dialog.value;
  useEffect(() => {
    setFound(null);
    if (name === "palette") import("./palette.js").then((each) => setFound(() => each.Palette));
    if (name === "keys") import("./palette.js").then((each) => setFound(() => each.Keys));
    if (name === "schedule") import("./schedule-form.js").then((each) => setFound(() => each.ScheduleForm));
    if (name === "task" || name === "goal") import("./add.js").then((each) => setFound(() => each.Add));
  }, [name]);
  return name && Found ? html`<${Found} kind=${name} given=${preset.value} onClose=${() => (dialog.value = "")} />` : null;
}

function App() {
  useEffect(() => void whoAmI(), [isAtSignIn()]);
  useEffect(() => {
    const { screen } = route.value;
    document.title = `${(SCREENS.find(([name]) => name === screen) || [, "Switchyard"])[1]} · Switchyard`;
  }, [route.value.screen]);
  if (isAtSignIn()) return html`<${Screen} /><${Toasts} />`;
  return html`<div class="shell">
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); /** @type {any} */ (document.querySelector("main")).focus(); }}>Skip to content</a>
    <${Nav} />
    ${!online.value && html`<div class="offline" role="alert">Connection lost. Trying again; what you typed is kept.</div>`}
    <${Screen} />
    <${Dialogs} /><${Toasts} />
  </div>`;
}

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
