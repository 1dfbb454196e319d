// All plugins: what each is, for which requests it runs, whether it is on. Not for: one plugin (plugin.js).
import { html, useState } from "../kit/html.js";
import { list, send } from "../kit/api.js";
import { KINDS } from "../kit/kinds.js";
import { useLoad } from "../kit/load.js";
import { Head, Loaded } from "../kit/parts.js";
import { link } from "../kit/place.js";
import { say } from "../kit/voice.js";
import { Filter, MOST, Unseen, matches } from "./rows.js";

const SCOPES = { route: "routes", service: "services", consumer: "consumers" };

// id -> name of what plugins may be scoped to.
export async function namesOf() {
  const found = await Promise.all(Object.values(SCOPES).map((kind) => list(KINDS[kind].path).then((rows) => rows.map((row) => [row.id, KINDS[kind].nameOf(row)]))));
  return new Map(found.flat());
}

export function Scope({ plugin, names }) {
  const parts = Object.entries(SCOPES).filter(([field]) => plugin[field]);
  if (!parts.length) return "every request";
  return parts.map(([field, kind], index) => html`${index ? ", " : ""}${field} <a href=${link(kind, plugin[field].id)}>${names.get(plugin[field].id) ?? plugin[field].id}</a>`);
}

export function Plugins() {
  const load = useLoad(async () => {
    const [rows, names] = await Promise.all([list("/plugins"), namesOf()]);
    return { rows: rows.sort((one, other) => one.name.localeCompare(other.name)), names };
  }, []);
  const [filter, setFilter] = useState("");
  const turn = async (plugin) => {
    await send("PATCH", `/plugins/${plugin.id}`, { enabled: !plugin.enabled }).then(
      () => say(`${plugin.name} is ${plugin.enabled ? "off" : "on"}.`), (error) => say(`Not changed: ${error.message}`));
    load.reload();
  };
  const actions = html`<a class="button primary" href=${link("plugins", "new")}>New plugin</a>`;
  return html`<${Head} title="Plugins" actions=${actions}><p>${KINDS.plugins.about}</p></${Head}>
    <${Loaded} load=${load}>${({ rows, names }) => {
      if (!rows.length) return html`<div class="card empty"><p>There are no plugins yet.</p></div>`;
      const scopes = (row) => Object.keys(SCOPES).map((field) => names.get(row[field]?.id) ?? "");
      const found = rows.filter((row) => matches([row.name, row.instance_name ?? "", ...scopes(row)], filter));
      return html`<div class="stack">
        ${rows.length > 8 && html`<${Filter} value=${filter} set=${setFilter} what="plugins" />`}
        <div class="card flush scroll"><table class="table cards">
          <thead><tr><th scope="col">Plugin</th><th scope="col">Runs for</th><th scope="col">Enabled</th></tr></thead>
          <tbody>${found.slice(0, MOST).map((row) => html`<tr key=${row.id}>
            <td><a href=${link("plugins", row.id)}>${row.name}</a>${row.instance_name && html` <span class="soft">${row.instance_name}</span>`}</td>
            <td data-label="Runs for" class="wrap"><span><${Scope} plugin=${row} names=${names} /></span></td>
            <td data-label="Enabled"><label class="switch"><input type="checkbox" role="switch" checked=${row.enabled} onChange=${() => turn(row)} aria-label=${`${row.name} enabled`} /><span aria-hidden="true" class="soft">${row.enabled ? "on" : "off"}</span></label></td>
          </tr>`)}</tbody>
        </table></div>
        <${Unseen} found=${found.length} />
      </div>`;
    }}</${Loaded}>`;
}
