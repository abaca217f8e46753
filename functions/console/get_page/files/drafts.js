// What was typed and is not sent: it outlives the screen, and signing in anew.
import { useState } from "./html.js";

/** @type {Map<string, string>} */
const drafts = new Map();

/**
 * A text that is typed, by what it is for; "" when nothing is.
 * @param {string} key @returns {[string, (text: string) => void]}
 */
export function useDraft(key) {
  const [, redraw] = useState(0);
  const set = (/** @type {string} */ text) => {
    text ? drafts.set(key, text) : drafts.delete(key);
    redraw((count) => count + 1);
  };
  return [drafts.get(key) || "", set];
}
