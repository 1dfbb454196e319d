// One plugin, or a new one: first which, then its form. Not for: lists.
import { html, useState } from "../kit/html.js";
import { escaped, get, read, schemaOf } from "../kit/api.js";
import { KINDS } from "../kit/kinds.js";
import { useLoad } from "../kit/load.js";
import { Head, Loaded } from "../kit/parts.js";
import { go } from "../kit/place.js";
import { EntityForm } from "../form/entity.js";
import { Scope, namesOf } from "./plugins.js";
import { Remove, crumbs, started } from "./row.js";

export const PluginPage = ({ id, place }) => (id === "new" ? html`<${NewPlugin} place=${place} />` : html`<${OnePlugin} id=${id} />`);

function OnePlugin({ id }) {
  const load = useLoad(async () => {
    const [row, names] = await Promise.all([read(`/plugins/${escaped(id)}`), namesOf()]);
    return { ...row, names, schema: await schemaOf("plugins", row.value.name) };
  }, [id]);
  return html`<${Loaded} load=${load}>${({ value: row, tag, schema, names }) => html`
    <${Head} title=${KINDS.plugins.nameOf(row)} crumbs=${crumbs("plugins")} actions=${html`<${Remove} kind="plugins" row=${row} then=${() => go("plugins")} />`}>
      <p>${row.instance_name ? `${row.name}, for ` : "For "}<${Scope} plugin=${row} names=${names} />.</p></${Head}>
    <section class="card" aria-label="Settings">
      <${EntityForm} kind="plugins" schema=${schema} row=${row} tag=${tag} path=${`/plugins/${row.id}`} saved=${load.reload} reload=${load.reload} />
    </section>`}</${Loaded}>`;
}

function NewPlugin({ place }) {
  const [name, setName] = useState(place.query.get("name") ?? "");
  const load = useLoad(async () => {
    const node = await get("/");
    return Object.keys(node.plugins.available_on_server).sort();
  }, []);
  return html`<${Head} title=${name ? `New ${name}` : "New plugin"} crumbs=${crumbs("plugins")} />
    <${Loaded} load=${load}>${(names) => html`<div class="stack">
      <section class="card field"><label for="which">Which plugin</label>
        <select class="select" id="which" value=${name} onChange=${(event) => setName(event.target.value)}>
          <option value="">Choose</option>${names.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
        </select></section>
      ${name && html`<${NewForm} key=${name} name=${name} place=${place} />`}
    </div>`}</${Loaded}>`;
}

function NewForm({ name, place }) {
  const load = useLoad(() => schemaOf("plugins", name), [name]);
  return html`<${Loaded} load=${load}>${(schema) => html`<section class="card" aria-label="Settings">
    <${EntityForm} kind="plugins" schema=${schema} row=${null} start=${{ ...started(schema, place), name }} path="/plugins"
      cancel=${() => go("plugins")} saved=${(row) => go("plugins", row.id)} /></section>`}</${Loaded}>`;
}
