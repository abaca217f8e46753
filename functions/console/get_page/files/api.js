// The one way to the API: the session's cookie goes along by itself, and nothing here ever sees it.
import { signal } from "./html.js";

/** Whether the last request reached the service. */
export const online = signal(true);
/** Who is signed in: the answer of GET /v1/session; null while unknown. @type {import("@preact/signals").Signal<any>} */
export const session = signal(/** @type {any} */ (null));

/** A refusal of the API, whichever surface worded it. */
export class ApiError extends Error {
  /** @param {number} status @param {any} body @param {string} requestId */
  constructor(status, body, requestId) {
    const told = body && typeof body === "object" ? body : {};
    const words = [told.detail, told.message, told.error, told.title].find((each) => typeof each === "string");
    super(words || `The service answered ${status}.`);
    this.status = status;
    this.code = told.code || "";
    this.requestId = told.requestId || requestId;
    /** @type {{field: string, reason: string, expected?: string}[]} */
    this.fields = Array.isArray(told.errors) ? told.errors : [];
    if (typeof told.attr === "string") this.fields = [{ field: told.attr.replaceAll("__", "."), reason: this.message }];
  }

  /** What is wrong with a field, by the path it has in the request. @param {string} name */
  about(name) {
    const found = this.fields.find((each) => each.field === name || each.field.endsWith(`.${name}`) || each.field.startsWith(`${name}.`));
    return found ? [found.reason, found.expected && `expected ${found.expected}`].filter(Boolean).join("; ") : "";
  }
}

/** Called when the session is over; set by the shell. */
export const whenSignedOut = { call: () => {} };

/** @type {Map<string, {tag: string, text: string, body: any, link: string | null}>} What was read, to ask only whether it has changed. */
const known = new Map();
const KNOWN_MAX = 60;
const RETRIES_MAX = 40;

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * One request. Without an answer it is marked offline and tried again when `again`.
 * @param {string} path @param {RequestInit} options @param {boolean} again
 */
async function reach(path, options, again) {
  for (let attempt = 0; ; attempt++) {
    let wait = Math.min(500 * 2 ** attempt, 4000);
    try {
      const answer = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
      online.value = true;
      const busy = answer.status === 503 || answer.status === 429;
      if (!busy || !again || attempt >= 3) return answer;
      wait = 1000 * Number(answer.headers.get("retry-after") || 1);
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") throw error;
      online.value = false;
      if (!again || attempt >= RETRIES_MAX) throw new ApiError(0, { detail: "The service can not be reached." }, "");
    }
    await pause(wait);
  }
}

/** What an answer holds; throws an ApiError when it is a refusal. @param {Response} answer @param {string} text */
function read(answer, text) {
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  const body = isJson && text ? JSON.parse(text) : text;
  if (answer.ok) return body;
  if (answer.status === 401) whenSignedOut.call();
  throw new ApiError(answer.status, body, answer.headers.get("x-request-id") || "");
}

/**
 * Read. What has not changed since it was last read is not sent again, and comes back as the same object.
 * @param {string} path @param {{signal?: AbortSignal, again?: boolean}} [options]
 */
export async function get(path, options = {}) {
  return (await page(path, options)).body;
}

/** The same with the address of the next page, where the header Link has one. @param {string} path @param {{signal?: AbortSignal, again?: boolean}} [options] */
export async function page(path, { signal: stop, again = true } = {}) {
  const had = known.get(path);
  const headers = had ? { "if-none-match": had.tag } : undefined;
  const answer = await reach(path, { headers, signal: stop }, again);
  if (answer.status === 304 && had) return had;
  const link = /<([^>]*)>; rel="next"/.exec(answer.headers.get("link") || "");
  const text = await answer.text();
  if (had && answer.ok && had.text === text) return had;
  const found = { tag: answer.headers.get("etag") || "", text, body: read(answer, text), link: link && link[1] };
  known.delete(path);
  if (found.tag) known.set(path, found);
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value || "");
  return found;
}

/**
 * Change something. The key makes it safe to send again what no answer came to.
 * @param {string} method @param {string} path @param {any} [body] @param {{ifMatch?: number, told?: (headers: Headers) => void}} [options]
 */
export async function send(method, path, body, { ifMatch, told } = {}) {
  /** @type {Record<string, string>} */
  const headers = { "switchyard-console": "1", "idempotency-key": crypto.randomUUID() };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== undefined) headers["if-match"] = `"${ifMatch}"`;
  const answer = await reach(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }, true);
  if (answer.ok && told) told(answer.headers);
  return read(answer, await answer.text());
}

/** Forget what was read: another person may sign in. */
export function forget() {
  known.clear();
  session.value = null;
}

/** Whether the caller may do what a scope opens; nothing until it is known who they are. @param {string} scope */
export const may = (scope) => Boolean(session.value && session.value.scopes.includes(scope));
