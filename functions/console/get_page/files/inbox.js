// What wants a person: runs that failed or wait, tasks that are theirs, tasks that are late.
import { html } from "./html.js";
import { send, session } from "./api.js";
import { filter, route, to } from "./router.js";
import { Button, Empty, Status, isOverdue, Time, Wait, attempt } from "./ui.js";
import { More, usePages } from "./pages.js";
import { RunStatus, idsOf, useRuns, useTitles } from "./runs.js";
import { Question } from "./question.js";

const POLL_MS = 10_000;
const OPEN = "status=backlog,todo,in_progress,none";
/** Tasks of one's own that are late, which the inbox tells of at most. */
const LATE_MAX = 100;
const EVERYBODY = "everybody";

/** @param {{title: string, items: any[] | undefined, error: any, row: (item: any) => any, empty: string, goesOn: any, foot: any, choice?: any}} props */
const Part = ({ title, items, error, row, empty, goesOn, foot, choice }) => html`<section class="panel"><h2>${title} ${items && html`<span class="count">${items.length}${goesOn ? "+" : ""}</span>`}${choice}</h2>
  ${!items ? html`<${Wait} error=${error} />` : items.length ? html`<ul class="table">${items.map(row)}</ul>` : html`<p class="quiet">${empty}</p>`}${foot}</section>`;

/** @param {{query: string, all: string, title: string, empty: string}} props */
function RunsPart({ query, all, title, empty }) {
  const { items, error, more } = useRuns(query, POLL_MS);
  const named = useTitles(items || []);
  const foot = more && html`<p class="more"><a href=${`${to.screen("runs")}?status=${all}`}>All of them</a></p>`;
  return html`<${Part} title=${title} goesOn=${more} foot=${foot} items=${items} error=${error} empty=${empty} row=${(/** @type {any} */ each) => {
    const { task, run } = idsOf(each);
    return html`<li key=${each.id}><a class="row" href=${to.run(task, run)} data-item=${each.id}><span class="grow strong">${named.get(task) || each.taskId}</span>
      ${each.error && html`<span class="quiet grow">${each.error}</span>`}<${RunStatus} execution=${each} /><span class="quiet"><${Time} at=${each.updatedAt} /></span></a></li>`;
  }} />`;
}

/** Whether a task is late: at once after an instant, with the end of a day. @param {{dueDate: string | null, dueAt?: string | null}} own */
const isLate = (own) => (own.dueAt ? Date.parse(own.dueAt) < Date.now() : own.dueDate && isOverdue(own.dueDate));

/** @param {{id: string, title: string, updatedAt?: string}} task @param {{status: string | null, dueDate: string | null, dueAt?: string | null}} own */
const taskRow = (task, own) => html`<li key=${task.id}><a class="row" href=${to.task(task.id)} data-item=${task.id}><span class="grow strong">${task.title}</span>
  ${own.dueDate && html`<span class=${isLate(own) ? "tag bad" : "tag"}>due ${own.dueDate}</span>`}<${Status} status=${own.status} />
  ${task.updatedAt && html`<span class="quiet"><${Time} at=${task.updatedAt} /></span>`}</a></li>`;

/** @param {{query: string, title: string, empty: string, choice?: any}} props */
function TasksPart({ query, title, empty, choice }) {
  const { items, error, more } = usePages(`/v1/tracks?type=task&limit=25&${OPEN}&${query}`, POLL_MS);
  return html`<${Part} title=${title} choice=${choice} goesOn=${more} foot=${html`<${More} more=${more} what="tasks" />`} items=${items} error=${error} empty=${empty}
    row=${(/** @type {any} */ each) => taskRow(each, each.task)} />`;
}

/** Tasks that are late: one's own, which come with the inbox, or everybody's. @param {{mine: any[] | undefined, error: any}} props */
function Overdue({ mine, error }) {
  const everybody = route.value.query.get("overdue") === EVERYBODY;
  const choice = html`<${Button} onClick=${() => filter({ overdue: everybody ? "" : EVERYBODY })}>${everybody ? "Show mine" : "Show everybody's"}<//>`;
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  return everybody ? html`<${TasksPart} query=${`dueDateTo=${yesterday}`} title="Overdue, everybody's" choice=${choice} empty="Nothing is late." />`
    : html`<${Part} title="Overdue" choice=${choice} items=${mine} error=${error} goesOn=${mine && mine.length >= LATE_MAX} foot=${null} empty="Nothing of yours is late."
      row=${(/** @type {any} */ each) => taskRow(each, each)} />`;
}

const WHY = /** @type {Record<string, string>} */ ({ assigned: "was assigned to you by", mentioned: "mentions you:", asked: "has a question by", failed: "failed: run of", due: "is due soon, says" });

/** What happened that wants the person, the newest first; questions are answered on the spot. @param {ReturnType<typeof usePages>} props */
function ForMe({ items, error, refresh, more }) {
  const unread = (items || []).filter((/** @type {any} */ each) => !each.readAt).map((/** @type {any} */ each) => each.id);
  const mark = async () => {
    await attempt(() => send("POST", "/v1/inbox/read", { ids: unread }));
    await refresh();
  };
  const where = (/** @type {any} */ each) => (each.run ? to.run(each.track.id, each.run) : to.track(each.track));
  return html`<section class="panel"><h2>For you ${items && html`<span class="count">${unread.length} unread</span>`}${unread.length > 0 && html`<${Button} onClick=${mark}>Mark all as read<//>`}</h2>
    ${!items ? html`<${Wait} error=${error} />` : items.length ? html`<ul class="table">${items.map((/** @type {any} */ each) => html`<li key=${each.id} data-inbox=${each.kind}>
      <a class="row" href=${where(each)} data-item=${each.id}><span class=${each.readAt ? "grow" : "grow strong"}>${each.track.title}</span><span class="quiet">${WHY[each.kind]} ${each.by} · <${Time} at=${each.at} /></span></a>
      ${each.question && html`<${Question} question=${each.question} onAnswered=${refresh} />`}</li>`)}</ul><${More} more=${more} what="of these" />`
      : html`<p class="quiet">Nothing has happened that wants you.</p>`}</section>`;
}

/** @param {{who: any}} props */
function Parts({ who }) {
  const inbox = usePages("/v1/inbox?limit=25", POLL_MS);
  return html`<${ForMe} ...${inbox} /><div class="parts">
      <${RunsPart} query="awaitingInput=true&limit=25" all="asking" title="Runs that wait for an answer" empty="No agent asks anything." />
      <${RunsPart} query="status=failed&limit=25" all="failed" title="Runs that failed" empty="No task's latest run failed." />
      <${TasksPart} query=${`assignee=${encodeURIComponent(who.actor.id)}`} title="Assigned to me" empty="Nothing open is assigned to you." />
      <${Overdue} mine=${inbox.body && inbox.body.overdue} error=${inbox.error} />
      <${RunsPart} query="status=pending&limit=25" all="pending" title="Runs that wait for an agent" empty="No run waits: agents keep up." />
    </div>`;
}

export function Inbox() {
  const who = session.value;
  return html`<main id="main" tabindex="-1"><header class="bar"><h1>Inbox</h1></header>
    ${who ? html`<${Parts} who=${who} />` : html`<${Empty} title="One moment">Looking who you are.<//>`}
  </main>`;
}
