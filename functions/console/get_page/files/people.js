// Who is in the workspace, and one's own devices that are told of runs.
import { html } from "./html.js";
import { get, send } from "./api.js";
import { Button, Time, Wait, attempt, say, usePoll } from "./ui.js";
import { More, usePages } from "./pages.js";

const DEVICES = "/api/users/@me/push_tokens";
const PLATFORMS = /** @type {Record<string, string>} */ ({ ios: "iPhone or iPad", android: "Android", web: "Browser" });

export function Members() {
  const { items, error, more } = usePages("/v1/members?limit=50", 0);
  return html`<section class="panel"><h2>Members</h2>${!items ? html`<${Wait} error=${error} />` : html`<ul class="table">${items.map((each) => html`<li key=${each.id} class="row">
      <span class="grow"><b>${each.name}</b> <span class="quiet">${each.id}</span></span>${each.kind === "agent" && html`<span class="tag active">agent</span>`}<span class="quiet">since <${Time} at=${each.createdAt} /></span></li>`)}</ul><${More} more=${more} what="members" />`}
    <p class="quiet">Who signs in or has a token. Tasks are assigned to them by their ids.</p></section>`;
}

export function Devices() {
  const { value, error, refresh } = usePoll(() => get(DEVICES), 0, []);
  const remove = async (/** @type {any} */ each) => {
    if (await attempt(async () => (await send("DELETE", `${DEVICES}/${each.id}`), true))) say("That device is told of nothing any more");
    await refresh();
  };
  return html`<section class="panel"><h2>Your devices</h2>${!value ? html`<${Wait} error=${error} />` : value.results.length ? html`<ul class="table">${value.results.map((/** @type {any} */ each) => html`<li key=${each.id} class="row" data-device=${each.id}>
      <b class="grow">${PLATFORMS[each.platform] || each.platform}</b><span class="quiet">seen <${Time} at=${each.last_seen_at} />, since <${Time} at=${each.created_at} /></span>
      <${Button} label=${`Remove the device ${PLATFORMS[each.platform] || each.platform}, seen ${new Date(each.last_seen_at).toLocaleString()}`} onClick=${() => remove(each)}>Remove<//></li>`)}</ul>`
    : html`<p class="quiet">None is registered for push notifications. An app of yours does that when you sign in there.</p>`}</section>`;
}
