// Addresses: which screen is shown, and the filters in its query.
import { signal } from "./html.js";

const BASE = "/console";

/** @returns {{screen: string, parts: string[], query: URLSearchParams, path: string}} */
function read() {
  // As they stand in the address, percent-encoded or not: ids need none of it, and what is decoded here could lead a
  // request to another path of the API than the screen's.
  const parts = location.pathname.slice(BASE.length).split("/").filter(Boolean);
  return { screen: parts[0] || "board", parts: parts.slice(1), query: new URLSearchParams(location.search), path: location.pathname + location.search };
}

/** The present address. */
export const route = signal(read());

/** Go to an address below /console. @param {string} path @param {{replace?: boolean}} [options] */
export function go(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search) history[replace ? "replaceState" : "pushState"](null, "", path);
  route.value = read();
}

/** Set or (with "") take away filters in the address. @param {Record<string, string>} values */
export function filter(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) value ? query.set(name, value) : query.delete(name);
  go(location.pathname + (query.size ? `?${query}` : ""), { replace: true });
}

export const to = {
  board: () => BASE,
  task: (/** @type {string} */ id) => `${BASE}/tasks/${id}`,
  goal: (/** @type {string} */ id) => `${BASE}/goals/${id}`,
  track: (/** @type {{id: string, type: string}} */ track) => (track.type === "goal" ? to.goal(track.id) : to.task(track.id)),
  run: (/** @type {string} */ task, /** @type {string} */ run) => `${BASE}/runs/${task}/${run}`,
  schedule: (/** @type {string} */ id) => `${BASE}/schedules/${id}`,
  screen: (/** @type {string} */ name) => `${BASE}/${name}`,
};

addEventListener("popstate", () => (route.value = read()));
addEventListener("click", (event) => {
  const target = /** @type {Element | null} */ (event.target);
  const link = /** @type {HTMLAnchorElement | null | undefined} */ (target && target.closest && target.closest("a[href]"));
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
  if (!link || !plain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
