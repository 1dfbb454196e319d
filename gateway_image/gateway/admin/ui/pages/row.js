// One row of any kind: its form, what hangs on it, removing it. Not for: routes and plugins.
import { html, useState } from "../kit/html.js";
import { escaped, list, read, schemaOf, send } from "../kit/api.js";
import { KINDS, below } from "../kit/kinds.js";
import { useLoad } from "../kit/load.js";
import { DangerButton, Head, Loaded } from "../kit/parts.js";
import { go, link } from "../kit/place.js";
import { say } from "../kit/voice.js";
import { EntityForm } from "../form/entity.js";
import { blank, entries } from "../form/schema.js";

export const crumbs = (kind) => html`<a href=${link(kind)}>${KINDS[kind].many}</a>`;

export function Remove({ kind, row, then }) {
  const about = KINDS[kind];
  const [trouble, setTrouble] = useState("");
  const act = async () => {
    try {
      await send("DELETE", `${about.path}/${escaped(row.id)}`);
      say(`Removed ${about.nameOf(row)}.`);
      then();
    } catch (error) {
      say(`Not removed: ${error.message}`);
      setTrouble(error.message);
    }
  };
  return html`<${DangerButton} label=${`Remove ${about.one}`} question="Remove it, and what hangs on it?" act=${act} />
    ${trouble && html`<p class="note bad" role="alert">Not removed: ${trouble}</p>`}`;
}

// Rows that hang on this one, with a way to add another.
function Children({ kind, row, child }) {
  const about = KINDS[child];
  const load = useLoad(() => list(below(kind, row.id, child)), [kind, row.id, child]);
  const field = KINDS[kind].one;
  return html`<section class="card" aria-label=${about.many}>
    <header><h2>${about.many}</h2><a class="button small" href=${`${link(child, "new")}?${field}=${row.id}`}>Add<span class="hidden"> a ${about.one}</span></a></header>
    <${Loaded} load=${load}>${(rows) => (rows.length
      ? html`<ul class="stack">${rows.map((one) => html`<li key=${one.id}><a href=${link(child, one.id)}>${about.nameOf(one)}</a></li>`)}</ul>`
      : html`<p class="soft">None.</p>`)}</${Loaded}>
  </section>`;
}

export function RowPage({ kind, id, place }) {
  const about = KINDS[kind];
  const creating = id === "new";
  const load = useLoad(async () => {
    const [schema, found] = await Promise.all([schemaOf(kind), creating ? { value: null } : read(`${about.path}/${escaped(id)}`)]);
    return { schema, row: found.value, tag: found.tag };
  }, [kind, id]);
  return html`<${Loaded} load=${load}>${({ schema, row, tag }) => {
    const title = creating ? `New ${about.one}` : about.nameOf(row);
    const actions = !creating && html`<${Remove} kind=${kind} row=${row} then=${() => go(kind)} />`;
    return html`<${Head} title=${title} crumbs=${crumbs(kind)} actions=${actions} />
      <div class="stack">
        <section class="card" aria-label="Settings">
          <${EntityForm} kind=${kind} schema=${schema} row=${row} start=${creating ? started(schema, place) : undefined} tag=${tag}
            path=${creating ? about.path : `${about.path}/${escaped(row.id)}`} reload=${load.reload} cancel=${() => go(kind)}
            saved=${(written) => (creating ? go(kind, written.id) : load.reload())} />
        </section>
        ${!creating && about.children?.length && html`<div class="two">${about.children.map((child) => html`<${Children} key=${child} kind=${kind} row=${row} child=${child} />`)}</div>`}
      </div>`;
  }}</${Loaded}>`;
}

// A new row, with what the link that led here already says: "?consumer=ID".
export function started(schema, place) {
  const row = blank(schema.fields);
  for (const [name, field] of entries(schema.fields)) {
    const value = place.query.get(name);
    if (value) row[name] = field.type === "foreign" ? { id: value } : value;
  }
  return row;
}
