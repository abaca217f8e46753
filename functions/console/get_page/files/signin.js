// Sign in: by the code of a one-time link, which stands behind the # of the address and so in no log, or by a token.
import { html, useEffect, useState } from "./html.js";
import { ApiError, forget, send, session } from "./api.js";
import { go, route, to } from "./router.js";
import { reset } from "./tracks.js";
import { Button, Field } from "./ui.js";

/** Only addresses of the console are gone back to. */
function after() {
  const next = route.value.query.get("next") || "";
  return /^\/console(\/(?!sign-in)[\w./~%-]*)?(\?.*)?$/.test(next) ? next : to.board();
}

export function SignIn() {
  const [code, setCode] = useState("");
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const enter = async (/** @type {any} */ body) => {
    setError("");
    try {
      const who = await send("POST", "/v1/session", body);
      forget();
      reset();
      session.value = who;
      go(after(), { replace: true });
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setCode("");
      setError(problem.message);
    }
  };
  useEffect(() => {
    const found = /^#code=(sy_\w+)$/.exec(location.hash);
    if (!found) return;
    // Taken out of the address at once, so that it stays in no history.
    history.replaceState(null, "", location.pathname + location.search);
    // A preview of the link uses nothing up: it takes a person to go on, but on this machine, where none looks.
    if (["127.0.0.1", "localhost"].includes(location.hostname)) enter({ code: found[1] });
    else setCode(found[1]);
  }, []);
  return html`<main id="main" tabindex="-1" class="sign-in">
    <div class="panel">
      <p class="brand"><span class="mark" aria-hidden="true"></span><span>Switchyard</span></p>
      <h1>Sign in</h1>
      ${code ? html`<p>Your link begins a session in this browser. It counts once.</p>
        <div class="actions"><${Button} kind="primary" autofocus onClick=${() => enter({ code })}>Sign in<//></div>`
      : html`<form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); enter({ token: token.trim() }); }}>
        <${Field} id="token" label="Access token" error=${error} hint="Begins with sy_. The session may what the token may, and ends with it.">
          <input id="token" type="password" autocomplete="off" spellcheck="false" required value=${token} onInput=${(/** @type {any} */ event) => setToken(event.target.value)}
            aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? "token-error" : undefined} /><//>
        <div class="actions"><${Button} kind="primary" type="submit">Sign in<//></div></form>
        <p class="quiet">No token? Whoever operates this workspace makes you a link: <code>switchyard.admin sign-in-link</code>.</p>`}
    </div>
  </main>`;
}
