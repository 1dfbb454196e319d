// All routes: what comes in where, who answers, and whether they do. Not for: one route (route.js).
import { html, useState } from "../kit/html.js";
import { list, own } from "../kit/api.js";
import { KINDS } from "../kit/kinds.js";
import { useLoad } from "../kit/load.js";
import { Head, Loaded } from "../kit/parts.js";
import { link } from "../kit/place.js";
import { hostOf } from "../kit/picture.js";
import { Health } from "../kit/health.js";
import { Filter, MOST, Unseen, matches } from "./rows.js";


export function Way({ route }) {
  return html`<span class="mono wrap">${route.methods?.length ? `${route.methods.join(", ")} ` : ""}${(route.paths ?? []).join(", ") || "any path"}</span>`;
}

export function Routes() {
  const load = useLoad(async () => {
    const [view, rows, activity] = await Promise.all([own("routes"), list("/routes"), own("activity")]);
    const known = new Map(view.routes.map((route) => [route.id, route]));
    return rows.map((row) => ({ ...row, view: known.get(row.id), last: activity.routes[row.id], now: activity.now })).sort((one, other) => KINDS.routes.nameOf(one).localeCompare(KINDS.routes.nameOf(other)));
  }, []);
  const [filter, setFilter] = useState("");
  const actions = html`<a class="button primary" href=${link("routes", "new")}>New route</a>`;
  return html`<${Head} title="Routes" actions=${actions}><p>${KINDS.routes.about}</p></${Head}>
    <${Loaded} load=${load}>${(rows) => {
      if (!rows.length) return html`<div class="card empty"><p>There are no routes yet.</p><p>Make a <a href=${link("services", "new")}>service</a> first, then a <a href=${link("routes", "new")}>route</a> that leads to it; or run the setup.</p></div>`;
      const found = rows.filter((row) => matches([KINDS.routes.nameOf(row), ...(row.paths ?? []), row.view?.title ?? "", row.view?.model ?? ""], filter));
      return html`<div class="stack">
        ${rows.length > 8 && html`<${Filter} value=${filter} set=${setFilter} what="routes" />`}
        <div class="card flush scroll"><table class="table cards">
          <thead><tr><th scope="col">Route</th><th scope="col">Requests to</th><th scope="col">Provider</th><th scope="col">Model</th><th scope="col">Sent to</th><th scope="col">Health</th></tr></thead>
          <tbody>${found.slice(0, MOST).map((row) => html`<tr key=${row.id}>
            <td><a href=${link("routes", row.id)}>${KINDS.routes.nameOf(row)}</a></td>
            <td data-label="Requests to"><${Way} route=${row} /></td>
            <td data-label="Provider">${row.view ? row.view.title || "-" : "not reachable: no service, or it is off"}</td>
            <td data-label="Model" class="wrap">${row.view?.model || (row.view?.ai ? "the request's own" : "-")}</td>
            <td data-label="Sent to" class="wrap soft">${row.view ? hostOf(row.view.upstream) : "-"}</td>
            <td data-label="Health"><${Health} last=${row.last} now=${row.now} /></td>
          </tr>`)}</tbody>
        </table></div>
        <${Unseen} found=${found.length} />
      </div>`;
    }}</${Loaded}>`;
}

