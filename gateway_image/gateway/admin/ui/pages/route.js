// One route: who answers it, whether it works, everything that can be changed about it. Not for: lists.
import { html } from "../kit/html.js";
import { escaped, list, own, read, schemaOf, send } from "../kit/api.js";
import { rebased } from "../kit/base.js";
import { useLoad } from "../kit/load.js";
import { Badge, Code, CopyButton, Head, Loaded, Tabs } from "../kit/parts.js";
import { go, link } from "../kit/place.js";
import { Picture } from "../kit/picture.js";
import { Trial } from "../kit/trial.js";
import { say } from "../kit/voice.js";
import { EntityForm } from "../form/entity.js";
import { Remove, crumbs } from "./row.js";

const AI = "ai-proxy";

async function everything(id) {
  const [row, plugins, schema, aiSchema, about] = await Promise.all([
    read(`/routes/${escaped(id)}`), list(`/routes/${escaped(id)}/plugins`), schemaOf("routes"), schemaOf("plugins", AI), own("about"),
  ]);
  const ai = plugins.find((plugin) => plugin.name === AI && !plugin.consumer);
  const [view, aiRow, service] = await Promise.all([
    own(`routes/${row.value.id}`).catch(() => null),
    ai ? read(`/plugins/${ai.id}`) : null,
    row.value.service ? read(`/services/${row.value.service.id}`) : null,
  ]);
  return { view: view && { ...view, snippets: rebased(view.snippets, about.proxy) }, row, plugins, schema, aiSchema, ai: aiRow, service };
}

function Plugins({ row, plugins, reload }) {
  const turn = async (plugin) => {
    await send("PATCH", `/plugins/${plugin.id}`, { enabled: !plugin.enabled }).then(
      () => say(`${plugin.name} is ${plugin.enabled ? "off" : "on"}.`), (error) => say(`Not changed: ${error.message}`));
    reload();
  };
  return html`<section class="card" aria-labelledby="plugins">
    <header><h2 id="plugins">Plugins of this route</h2><a class="button small" href=${`${link("plugins", "new")}?route=${row.id}`}>Add a plugin</a></header>
    ${plugins.length ? html`<ul class="stack">${plugins.map((plugin) => html`<li class="row spread" key=${plugin.id}>
      <a href=${link("plugins", plugin.id)}>${plugin.instance_name || plugin.name}</a>
      <label class="switch"><input type="checkbox" role="switch" checked=${plugin.enabled} onChange=${() => turn(plugin)} aria-label=${`${plugin.name} enabled`} /><span aria-hidden="true" class="soft">${plugin.enabled ? "on" : "off"}</span></label>
    </li>`)}</ul>` : html`<p class="soft">None of its own. Plugins of its service and global ones run too.</p>`}
  </section>`;
}

export function Snippets({ texts, label }) {
  const tabs = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, () => html`<div class="stack">
    <${Code} text=${text} label=${`${label} with ${name}`} /><div><${CopyButton} text=${text} what=${name} /></div></div>`]));
  return html`<${Tabs} tabs=${tabs} label=${label} />`;
}

export function RoutePage({ id }) {
  const load = useLoad(() => everything(id), [id]);
  return html`<${Loaded} load=${load}>${({ view, row, plugins, schema, aiSchema, ai, service }) => html`
    <${Head} title=${row.value.name || row.value.id} crumbs=${crumbs("routes")} actions=${html`<${Remove} kind="routes" row=${row.value} then=${() => go("routes")} />`} />
    <div class="stack">
      <section class="card stack" aria-label="At a glance">
        ${view ? html`<${Picture} route=${view} />` : html`<p class="note warn">Requests do not reach this route: it has no service, or its service is off.</p>`}
        ${view && html`<${Trial} route=${view} />`}
      </section>
      ${ai && html`<section class="card" aria-labelledby="ai">
        <header><h2 id="ai">Model</h2><${Badge} kind=${ai.value.enabled ? "ok" : "none"}>${ai.value.enabled ? "ai-proxy is on" : "ai-proxy is off"}</${Badge}></header>
        <${EntityForm} kind="plugins" prefix="ai" schema=${aiSchema} row=${ai.value} tag=${ai.tag} path=${`/plugins/${ai.value.id}`} saved=${load.reload} reload=${load.reload} />
      </section>`}
      ${service && html`<section class="card" aria-labelledby="service">
        <header><h2 id="service">Service</h2></header>
        <p><a href=${link("services", service.value.id)}>${service.value.name || service.value.id}</a> <span class="soft mono wrap">${service.value.protocol}://${service.value.host}:${service.value.port}${service.value.path ?? ""}</span></p>
        ${ai?.value.enabled && html`<p class="soft small">ai-proxy decides which server is called; the service only lends its timeouts.</p>`}
      </section>`}
      <div class="two">
        <${Plugins} row=${row.value} plugins=${plugins} reload=${load.reload} />
        ${view && html`<section class="card" aria-labelledby="copy"><h2 id="copy">Copy as</h2><${Snippets} texts=${view.snippets} label="How to call this route" /></section>`}
      </div>
      <section class="card" aria-labelledby="settings">
        <h2 id="settings">Route settings</h2>
        <${EntityForm} kind="routes" schema=${schema} row=${row.value} tag=${row.tag} path=${`/routes/${row.value.id}`} saved=${load.reload} reload=${load.reload} />
      </section>
    </div>`}</${Loaded}>`;
}
