// A program asks to be connected: whoever is signed in goes on to the page that asks whether it may.
import { html, useEffect } from "./html.js";
import { session } from "./api.js";
import { Wait } from "./ui.js";

export function Connect() {
  const who = session.value;
  // The one address that is ever left for, with the request as it came: nothing in it says where to go.
  useEffect(() => void (who && location.replace(`/oauth/authorize${location.search}`)), [who]);
  return html`<main id="main" tabindex="-1"><h1>Connect a program</h1><${Wait} /></main>`;
}
