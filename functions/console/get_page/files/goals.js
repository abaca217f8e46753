// All goals, with how far they are.
import { html } from "./html.js";
import { to } from "./router.js";
import { Button, Empty, Status, Time, Wait, isOverdue } from "./ui.js";
import { More, usePages } from "./pages.js";
import { open } from "./app.js";

const POLL_MS = 10_000;

/** @param {{rollup: any}} props */
export function Progress({ rollup }) {
  const { tasksTotal: total, tasksDone: done } = rollup;
  return html`<span class="progress"><progress max=${total || 1} value=${done} aria-label="Tasks that are done"></progress><span>${done} of ${total}</span></span>`;
}

export function Goals() {
  const { items, error, more } = usePages("/v1/tracks?type=goal&limit=50", POLL_MS);
  return html`<main id="main" tabindex="-1">
    <header class="bar"><h1>Goals</h1><div class="actions"><${Button} kind="primary" onClick=${() => open("goal")}>New goal<//></div></header>
    ${!items ? html`<${Wait} error=${error} />` : items.length
      ? html`<ul class="table">${items.map((goal) => html`<li key=${goal.id}><a class="row" href=${to.goal(goal.id)} data-item=${goal.id}>
          <span class="grow strong">${goal.title}</span><${Progress} rollup=${goal.rollup} /><${Status} status=${goal.goal.status} />
          ${goal.goal.dueDate && html`<span class=${isOverdue(goal.goal.dueDate) && goal.rollup.progress !== 100 ? "tag bad" : "tag"}>due ${goal.goal.dueDate}</span>`}
          <span class="quiet"><${Time} at=${goal.updatedAt} /></span></a></li>`)}</ul><${More} more=${more} what="goals" />`
      : html`<${Empty} title="There are no goals yet">A goal has tasks that depend on each other, and can be run by agents as a whole. Begin with “New goal”.<//>`}
  </main>`;
}
