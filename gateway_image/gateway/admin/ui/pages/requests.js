// The last requests, as they come. Not for: one of them (request.js).
import { html, useState } from "../kit/html.js";
import { own } from "../kit/api.js";
import { count, duration, money, plural, time } from "../kit/format.js";
import { useLoad } from "../kit/load.js";
import { Badge, Head, Problem, Waiting } from "../kit/parts.js";
import { link } from "../kit/place.js";
import { useRemembered, wish } from "../kit/remembered.js";
import { RequestPage } from "./request.js";
import { matches } from "./rows.js";

const MOST = 150;
const SHOWN = { all: "All", failed: "Failed or refused", slow: "Slower than 1 s", limited: "Limited" };
const FITS = {
  all: () => true,
  failed: (row) => row.status >= 400 || !row.status || row.aborted,
  slow: (row) => row.ms > 1000,
  limited: (row) => row.status === 429,
};

export function Status({ row }) {
  const kind = row.status >= 500 || !row.status ? "bad" : row.status >= 400 || row.aborted ? "warn" : "ok";
  return html`<${Badge} kind=${kind}>${row.status || "no answer"}${row.aborted ? ", client left" : ""}</${Badge}>`;
}

export const Requests = ({ id }) => (id ? html`<${RequestPage} id=${id} />` : html`<${List} />`);

const Switch = ({ label, on, set }) => html`<label class="switch"><input type="checkbox" role="switch" checked=${on} onChange=${(event) => set(event.target.checked)} />${label}</label>`;

function List() {
  const [watch, setWatch] = useState(wish.watch);
  const [bodies, setBodies] = useState(wish.bodies);
  Object.assign(wish, { watch, bodies: watch && bodies });
  const [paused, setPaused] = useState(false);
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState("all");
  const view = useLoad(() => own("routes"), []);
  const { rows, error, reload } = useRemembered({ watch, bodies: watch && bodies, paused });
  const names = new Map((view.value?.routes ?? []).map((route) => [route.id, route.name]));
  const nameOf = (row) => (row.route ? names.get(row.route) ?? row.route : "no route");
  const found = (rows ?? []).filter((row) => FITS[shown](row) && matches([nameOf(row), row.target, row.model ?? "", row.client, row.consumer ?? "", String(row.status), row.id], filter));
  return html`<${Head} title="Requests"><p>The last 500, newest first. Keys are never shown.</p></${Head}>
    <div class="stack">
      <section class="card row" aria-label="What is recorded">
        <${Switch} label="Record details of what comes" on=${watch} set=${setWatch} />
        <${Switch} label="with prompts and answers" on=${watch && bodies} set=${(on) => { setBodies(on); if (on) setWatch(true); }} />
        <span class="small soft">Only while this page or one of its requests is open; kept in memory, never on the disk.</span>
      </section>
      <div class="row spread">
        <div class="row">
          <input class="input narrow" type="search" aria-label="Filter requests" placeholder="Filter" value=${filter} onInput=${(event) => setFilter(event.target.value)} />
          <select class="select auto" aria-label="Which requests" value=${shown} onChange=${(event) => setShown(event.target.value)}>
            ${Object.entries(SHOWN).map(([name, text]) => html`<option key=${name} value=${name}>${text}</option>`)}</select>
        </div>
        <button type="button" class="button small" aria-pressed=${String(paused)} onClick=${() => { setPaused(!paused); if (paused) reload(); }}>${paused ? "Go on" : "Pause"}</button>
      </div>
      ${error && html`<${Problem} error=${error} retry=${reload} />`}
      ${rows === null && !error ? html`<${Waiting} />` : !rows?.length ? html`<div class="card empty"><p>No requests since the gateway started.</p><p>Press Test on a <a href=${link("routes")}>route</a>, or send one with curl.</p></div>`
      : !found.length ? html`<p class="soft" role="status">None fits.</p>`
      : html`<div class="card flush scroll"><table class="table cards">
          <thead><tr><th scope="col">Time</th><th scope="col">Status</th><th scope="col">Route</th><th scope="col">Model</th><th scope="col" class="number">Took</th><th scope="col" class="number">Tokens</th><th scope="col" class="number">Cost</th><th scope="col">Caller</th></tr></thead>
          <tbody>${found.slice(0, MOST).map((row) => html`<tr key=${row.id}>
            <td class="nowrap"><a href=${link("requests", row.id)}>${time(row.started)}</a></td>
            <td data-label="Status"><${Status} row=${row} /></td>
            <td data-label="Route" class="wrap">${nameOf(row)}${row.route ? "" : html` <span class="mono soft">${row.target}</span>`}</td>
            <td data-label="Model" class="wrap">${row.model ?? ""}${row.stream ? html` <span class="soft small">stream</span>` : ""}</td>
            <td data-label="Took" class="number">${duration(row.ms)}</td>
            <td data-label="Tokens" class="number">${row.prompt_tokens == null ? "" : `${row.estimated ? "about " : ""}${count(row.prompt_tokens + row.completion_tokens)}`}</td>
            <td data-label="Cost" class="number">${row.cost ? money(row.cost) : ""}</td>
            <td data-label="Caller" class="wrap">${row.consumer ?? row.client}</td>
          </tr>`)}</tbody>
        </table></div>
        ${found.length > MOST && html`<p class="soft">${MOST} of ${plural(found.length, "request")} are shown: filter to see others.</p>`}`}
    </div>`;
}
