// A new task or goal, from anywhere.
import { html, signal, useEffect, useState } from "./html.js";
import { ApiError } from "./api.js";
import { go, route, to } from "./router.js";
import { Button, Dialog, Field, PRIORITIES, attempt, capital, say } from "./ui.js";
import { askMembers, create, people, projects } from "./tracks.js";

/** What was typed outlives the dialog until it is saved. @type {any} */
const typed = signal({ title: "", description: "", assignee: "", kind: "", priority: "medium", dueDate: "", project: "", scope: "projects" });

/** @param {{kind: string, given: any, onClose: () => void}} props */
export function Add({ kind, given, onClose }) {
  const [error, setError] = useState(/** @type {any} */ (null));
  useEffect(() => void attempt(askMembers), []);
  const values = { ...typed.value, ...given };
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => (typed.value = { ...typed.value, [name]: event.target.value });
  const about = (/** @type {string} */ name) => (error ? error.about(name) : "");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const own = kind === "goal" ? { status: "not_started" } : { status: "todo", assignee: values.assignee, assigneeType: values.kind || (values.assignee.startsWith("agent_") ? "agent" : ""), goalId: given.goalId || "", dependsOn: given.dependsOn || [] };
    const scope = given.scope || (values.scope === "personal" ? { type: "personal" } : { type: "projects", ids: values.project ? [values.project] : [] });
    try {
      const made = await create({ type: kind, title: values.title, description: values.description, priority: values.priority, scope, [kind]: { ...own, dueDate: values.dueDate } });
      typed.value = { ...typed.value, title: "", description: "", dueDate: "" };
      say(`${made.title} is there`);
      onClose();
      if (given.onMade) given.onMade(made);
      else if (kind === "goal" || route.value.screen !== "board") go(to.track(made));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  const general = error && !["title", "description", "assignee", "dueDate", "scope", "priority"].some(about) ? error.message : "";
  return html`<${Dialog} title=${kind === "goal" ? "New goal" : "New task"} onClose=${onClose}>
    <form onSubmit=${save}>
      <${Field} id="add-title" label="Title" error=${about("title")} wide=${true}>
        <input id="add-title" required maxlength="500" autofocus autocomplete="off" value=${values.title} onInput=${set("title")} /><//>
      <${Field} id="add-description" label="Description" error=${about("description")} wide=${true}>
        <textarea id="add-description" rows="3" value=${values.description} onInput=${set("description")}></textarea><//>
      <div class="grid">
        ${kind === "task" && html`<${Field} id="add-assignee" label="Assignee" error=${about("assignee")} hint="A person's id or an agent's">
          <input id="add-assignee" list="add-assignees" autocomplete="off" value=${values.assignee} onInput=${set("assignee")} />
          <datalist id="add-assignees">${people.value.map((/** @type {string} */ each) => html`<option key=${each} value=${each}></option>`)}</datalist><//>
        <${Field} id="add-kind" label="Assignee is"><select id="add-kind" value=${values.kind} onChange=${set("kind")}><option value="">as the id says</option><option value="user">a person</option><option value="agent">an agent</option></select><//>`}
        <${Field} id="add-priority" label="Priority" error=${about("priority")}><select id="add-priority" value=${values.priority} onChange=${set("priority")}>${PRIORITIES.map((each) => html`<option key=${each} value=${each}>${capital(each)}</option>`)}</select><//>
        <${Field} id="add-due" label="Due" error=${about("dueDate")}><input id="add-due" type="date" value=${values.dueDate} onInput=${set("dueDate")} /><//>
        ${!given.scope && html`<${Field} id="add-scope" label="Seen by" error=${about("scope")}><select id="add-scope" value=${values.scope} onChange=${set("scope")}><option value="projects">the workspace</option><option value="personal">me alone</option></select><//>
        ${values.scope === "projects" && html`<${Field} id="add-project" label="Project" hint="Any name, or none"><input id="add-project" list="add-projects" autocomplete="off" value=${values.project} onInput=${set("project")} />
          <datalist id="add-projects">${projects.value.map((/** @type {string} */ each) => html`<option key=${each} value=${each}></option>`)}</datalist><//>`}`}
      </div>
      ${general && html`<p class="error" role="alert">${general}</p>`}
      <div class="actions"><${Button} kind="primary" type="submit">Add ${kind}<//></div>
    </form>
  <//>`;
}
