// Sign in: by the code of a one-time link, which stands behind the # of the address and so in no log, or by a token.
import { html, useEffect, useState } from "./html.js";
import { ApiError, forget, send, session } from "./api.js";
import { go, route, to } from "./router.js";
import { reset } from "./tracks.js";
import { Button, Field } from "./ui.js";

/** Only addresses of the console are gone back to. */
function after() {
  const next = route.value.query.get("next") || "";
  return /^\/console(?![^?]*(?:\.|%2[eE]){2})(\/(?!sign-in)[\w./~%-]*)?(\?.*)?$/.test(next) ? next : to.board();
}

/**
 * Go on to where one wanted to go. In a window that another site has opened only a program is connected as it is: every
 * other screen is loaded anew, under a policy that cuts the two apart.
 */
function enterAt(/** @type {string} */ path) {
  if (opener && !path.startsWith(to.screen("connect"))) location.replace(path);
  else go(path, { replace: true });
}

/** Why somebody comes back from the issuer without a session, by the code in the address. @type {Record<string, string>} */
const PROBLEMS = {
  not_invited: "Your address is not invited to any workspace here. Ask whoever operates one.",
  unverified: "Your account there has no e-mail address that is verified.",
  other_person: "Your e-mail address was somebody else's here. Ask whoever operates the workspace.",
  denied: "You were not signed in there.",
  over: "That took too long, or was begun in another browser. Try again.",
  issuer: "The place where you sign in does not answer as it should. Try again later.",
  slow: "The place where you sign in, or this service, took too long to answer. Try again.",
  id_token: "The place where you sign in did not prove who you are. Try again.",
};
const issuer = () => /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="sign-in"]'))?.content || "";

export function SignIn() {
  const [code, setCode] = useState("");
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const problem = route.value.query.get("problem") || "";
  const enter = async (/** @type {any} */ body) => {
    setError("");
    try {
      const who = await send("POST", "/v1/session", body);
      forget();
      reset();
      session.value = who;
      enterAt(after());
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
      ${problem && html`<p class="error" role="alert">${PROBLEMS[problem] || "You were not signed in. Try again."}</p>`}
      ${!code && issuer() && html`<p class="actions"><a class="button primary" href=${`/v1/session/oidc?next=${encodeURIComponent(after())}`}>Sign in with ${issuer()}</a></p>`}
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
