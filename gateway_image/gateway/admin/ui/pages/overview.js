// The first page: what runs, whether it works, what it used. Not for: changing anything.
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { own } from "../kit/api.js";
import { chooseBase, shownBase } from "../kit/base.js";
import { perRoute, series, total } from "../kit/activity.js";
import { Bars } from "../kit/chart.js";
import { count, duration, money, plural } from "../kit/format.js";
import { Health } from "../kit/health.js";
import { useEvery, useLoad } from "../kit/load.js";
import { CopyButton, Head, Loaded } from "../kit/parts.js";
import { Picture } from "../kit/picture.js";
import { link } from "../kit/place.js";
import { Trial } from "../kit/trial.js";

const EVERY = 4000;
const MOST = 24;

// Where clients call, with a way to say otherwise: snippets and curl commands follow.
function Address({ proxy }) {
  const [base, setBase] = useState(shownBase(proxy));
  const [editing, setEditing] = useState(false);
  const [wrong, setWrong] = useState(false);
  const input = useRef(null);
  useEffect(() => { if (editing) input.current?.focus(); }, [editing]);
  const save = (event) => {
    event.preventDefault();
    if (!chooseBase(input.current.value)) return setWrong(true);
    setBase(shownBase(proxy));
    setWrong(false);
    return setEditing(false);
  };
  if (editing) {
    return html`<form class="row" onSubmit=${save}><label for="base">Clients call</label>
      <input class="input auto" id="base" ref=${input} defaultValue=${base} placeholder=${proxy} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? "base-error" : undefined} />
      <button class="button small" type="submit">Use it</button>
      ${wrong && html`<span class="small" id="base-error" role="alert">Type an address such as http://localhost:18000, or nothing.</span>`}</form>`;
  }
  return html`<p class="row">Clients call <code>${base}</code> <${CopyButton} text=${base} what="the address" />
    <button type="button" class="button small quiet" onClick=${() => setEditing(true)}>Another address</button></p>`;
}

function Figures({ activity }) {
  const rows = series(activity);
  const all = total(rows);
  const values = (read, part) => rows.map((row) => ({ at: row.at, value: read(row), part: part ? part(row) : 0 }));
  const tokens = (row) => row.prompt_tokens + row.completion_tokens;
  return html`<section class="figures" aria-label="The last hour">
    <div class="card figure"><span class="soft">Requests</span><strong>${count(all.requests)}</strong>
      <span class="small ${all.failed ? "" : "soft"}">${all.failed ? `${count(all.failed)} failed` : "none failed"}${all.limited ? `, ${count(all.limited)} limited` : ""}</span>
      <${Bars} rows=${values((row) => row.requests, (row) => row.failed)} label="Requests in the last hour" format=${count} partLabel="failed" /></div>
    <div class="card figure"><span class="soft">Tokens</span><strong>${count(tokens(all))}</strong>
      <span class="small soft">${count(all.prompt_tokens)} in, ${count(all.completion_tokens)} out</span>
      <${Bars} rows=${values(tokens)} label="Tokens in the last hour" format=${count} /></div>
    <div class="card figure"><span class="soft">Cost</span><strong>${money(all.cost)}</strong>
      <span class="small soft">${all.cost ? "by the prices in the routes" : "routes with prices are counted"}</span>
      <${Bars} rows=${values((row) => row.cost)} label="Cost in the last hour" format=${money} /></div>
    <div class="card figure"><span class="soft">Mean time</span><strong>${all.requests ? duration((all.seconds / all.requests) * 1000) : "-"}</strong>
      <span class="small soft">from first byte to last</span>
      <${Bars} rows=${values((row) => (row.requests ? (row.seconds / row.requests) * 1000 : 0))} label="Mean time per minute" format=${duration} /></div>
  </section>`;
}

function RouteCard({ route, last, sums, now, done }) {
  const used = sums && sums.requests
    ? [plural(sums.requests, "request"), sums.prompt_tokens + sums.completion_tokens ? plural(sums.prompt_tokens + sums.completion_tokens, "token") : "", sums.cost ? money(sums.cost) : "", duration((sums.seconds / sums.requests) * 1000)].filter(Boolean).join(", ")
    : "unused in the last hour";
  return html`<article class="card stack" aria-label=${route.name}>
    <header class="row spread">
      <h3><a href=${link("routes", route.id)}>${route.name}</a></h3>
      <${Health} last=${last} now=${now} />
    </header>
    <${Picture} route=${route} />
    <${Trial} route=${route} done=${done} quiet note=${used} />
  </article>`;
}

export function Overview() {
  const view = useLoad(async () => {
    const [about, told] = await Promise.all([own("about"), own("routes")]);
    return { ...about, routes: told.routes };
  }, []);
  const activity = useLoad(() => own("activity"), []);
  useEvery(EVERY, activity.reload);
  return html`<${Loaded} load=${view}>${(found) => {
    const told = activity.value ?? { now: Date.now() / 1000, minutes: [], routes: {} };
    const sums = perRoute(told);
    const seen = (route) => told.routes[route.id]?.at ?? 0;
    const routes = [...found.routes].sort((one, other) => seen(other) - seen(one) || one.name.localeCompare(other.name));
    const [shown, rest] = [routes.slice(0, MOST).sort((one, other) => one.name.localeCompare(other.name)), routes.length - MOST];
    return html`<${Head} title="Overview">
        ${found.proxy ? html`<${Address} proxy=${found.proxy} />` : html`<p>This node has no proxy listener: nobody can call it.</p>`}
      </${Head}>
      <div class="stack">
        ${activity.error && html`<p class="note warn" role="status">The numbers are not up to date: ${activity.error.message}</p>`}
        <${Figures} activity=${told} />
        <div class="row spread"><h2>Routes</h2>
          <span class="small soft">${plural(found.routes.length, "route")}, ${plural(found.counts.services ?? 0, "service")}, ${plural(found.counts.plugins ?? 0, "plugin")}, ${plural(found.counts.consumers ?? 0, "consumer")}</span></div>
        ${!routes.length && html`<div class="card empty"><p>There are no routes yet.</p><p>Make a <a href=${link("services", "new")}>service</a> first, then a <a href=${link("routes", "new")}>route</a> that leads to it; or run the setup.</p></div>`}
        ${shown.map((route) => html`<${RouteCard} key=${route.id} route=${route} last=${told.routes[route.id]} sums=${sums.get(route.id)} now=${told.now} done=${activity.reload} />`)}
        ${rest > 0 && html`<p><a href=${link("routes")}>${plural(rest, "more route")}</a></p>`}
      </div>`;
  }}</${Loaded}>`;
}
