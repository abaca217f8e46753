// Lists by pages: the first one is read again and again, further ones when somebody asks for them.
import { html, useState } from "./html.js";
import { page } from "./api.js";
import { Button, attempt, usePoll } from "./ui.js";

/** By what an item is told from others; an occurrence has its time. @param {any} each */
const keyOf = (each) => each.id || each.at;
/** What a page holds, and where the next one begins: surfaces say both differently. @param {{body: any}} found */
const itemsOf = ({ body }) => (Array.isArray(body) ? body : body.items || body.results);
/** @param {{body: any, link: string | null}} found @returns {string | null} */
const cursorOf = ({ body, link }) => (link ? new URL(link, location.href).searchParams.get("cursor") : body.nextCursor || body.next || null);

/**
 * @param {string} path with a query @param {number} every milliseconds, 0 for once @param {any[]} [inputs] what else the list depends on
 * @returns {{items: any[] | undefined, body: any, error: any, refresh: () => Promise<void>, more: (() => Promise<void>) | null}}
 *   `body` is the first page as it came; `more` reads the next page, null at the end of the list
 */
export function usePages(path, every, inputs = []) {
  const { value, error, refresh } = usePoll(() => page(path), every, [path, ...inputs]);
  const [further, setFurther] = useState(/** @type {{path: string, items: any[], cursor: string | null}} */ ({ path: "", items: [], cursor: null }));
  const has = further.path === path;
  const cursor = has ? further.cursor : value && cursorOf(value);
  const more = async () => {
    const next = await attempt(() => page(`${path}&cursor=${encodeURIComponent(/** @type {string} */ (cursor))}`));
    if (next) setFurther({ path, items: [...(has ? further.items : []), ...itemsOf(next)], cursor: cursorOf(next) });
  };
  if (!value) return { items: undefined, body: undefined, error, refresh, more: null };
  const first = itemsOf(value);
  const seen = new Set(first.map(keyOf));
  return { items: has ? [...first, ...further.items.filter((each) => !seen.has(keyOf(each)))] : first, body: value.body, error, refresh, more: cursor ? more : null };
}

/** @param {{more: (() => Promise<void>) | null, what: string}} props */
export const More = ({ more, what }) => more && html`<p class="more"><${Button} onClick=${more}>More ${what}<//></p>`;
