// A question of a run: what an agent asks, and the form that answers it.
import { html } from "./html.js";
import { may, send } from "./api.js";
import { Button, Time, Wait, attempt, say } from "./ui.js";
import { More, usePages } from "./pages.js";
import { useDraft } from "./drafts.js";

const POLL_MS = 5_000;
const WORDS = /** @type {Record<string, string>} */ ({ approve: "Approve", reject: "Reject" });

/** @param {{question: any, onAnswered: () => any}} props */
export function Question({ question, onAnswered }) {
  const [text, setText] = useDraft(`answer ${question.id}`);
  const path = `/v1/runs/${question.task}/${question.run}/questions/${question.id}/answer`;
  const give = async (/** @type {string} */ answer) => {
    if (await attempt(() => send("POST", path, { answer }))) {
      setText("");
      say("Answered: the run goes on.");
    }
    await onAnswered();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim()) give(text);
  };
  return html`<div class="question" data-question=${question.id}>
    <p class="said">${question.text}</p>
    <p class="quiet">${question.asked_by} asked <${Time} at=${question.asked_at} />${question.status === "open" ? html`, until <${Time} at=${question.deadline} />${question.default ? `, then “${question.default}”` : ""}` : ""}</p>
    ${question.status === "answered" && html`<p><b>${question.answer}</b> <span class="quiet">${question.answered_by} <${Time} at=${question.answered_at} /></span></p>`}
    ${question.status === "closed" && html`<p class="quiet">The run ended without an answer.</p>`}
    ${question.status === "open" && may("tasks:write") && (question.choices.length
      ? html`<div class="actions">${question.choices.map((/** @type {string} */ each) => html`<${Button} key=${each} onClick=${() => give(each)}>${(question.approves && WORDS[each]) || each}<//>`)}</div>`
      : html`<form class="inline" onSubmit=${submit}><div class="field"><label for=${`answer-${question.id}`}>Answer</label>
          <input id=${`answer-${question.id}`} autocomplete="off" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></div><${Button} kind="primary" type="submit">Send<//></form>`)}
  </div>`;
}

/** The questions of a run, the newest first. @param {{task: string, run: string, version: string}} props */
export function Questions({ task, run, version }) {
  const { items, error, refresh, more } = usePages(`/v1/runs/${task}/${run}/questions?limit=20`, POLL_MS, [version]);
  return html`<section class="panel"><h2>Questions</h2>${!items ? html`<${Wait} error=${error} />`
    : items.map((each) => html`<${Question} key=${each.id} question=${each} onAnswered=${refresh} />`)}<${More} more=${more} what="questions" /></section>`;
}
