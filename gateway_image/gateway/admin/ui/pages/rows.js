// The list of one kind of rows. Not for: routes and plugins, whose lists say more.
import { html, useState } from "../kit/html.js";
import { list } from "../kit/api.js";
import { KINDS } from "../kit/kinds.js";
import { useLoad } from "../kit/load.js";
import { Head, Loaded } from "../kit/parts.js";
import { link } from "../kit/place.js";

// How many rows a list shows.
export const MOST = 200;

export function Filter({ value, set, what }) {
  return html`<label class="row"><span class="soft">Filter</span>
    <input class="input narrow" type="search" value=${value} aria-label=${`Filter ${what}`} onInput=${(event) => set(event.target.value)} /></label>`;
}

// What a list says of the rows that it does not show.
export function Unseen({ found }) {
  if (!found) return html`<p class="soft" role="status">None fits the filter.</p>`;
  return found > MOST && html`<p class="soft">${MOST} of ${found} are shown: type a filter to see others.</p>`;
}

export const matches = (words, filter) => words.join(" ").toLowerCase().includes(filter.trim().toLowerCase());

export function Rows({ kind }) {
  const about = KINDS[kind];
  const load = useLoad(() => list(about.path), [kind]);
  const [filter, setFilter] = useState("");
  const columns = Object.entries(about.columns ?? {});
  const actions = html`<a class="button primary" href=${link(kind, "new")}>New ${about.one}</a>`;
  return html`<${Head} title=${about.many} actions=${actions}><p>${about.about}</p></${Head}>
    <${Loaded} load=${load}>${(rows) => {
      const found = rows.filter((row) => matches([about.nameOf(row), ...columns.map(([, cell]) => cell(row))], filter));
      if (!rows.length) return html`<div class="card empty"><p>There are no ${about.many.toLowerCase()} yet.</p></div>`;
      return html`<div class="stack">
        ${rows.length > 8 && html`<${Filter} value=${filter} set=${setFilter} what=${about.many.toLowerCase()} />`}
        <div class="card flush scroll"><table class="table cards">
          <thead><tr><th scope="col">Name</th>${columns.map(([title]) => html`<th scope="col" key=${title}>${title}</th>`)}</tr></thead>
          <tbody>${found.slice(0, MOST).map((row) => html`<tr key=${row.id}>
            <td><a href=${link(kind, row.id)}>${about.nameOf(row)}</a></td>
            ${columns.map(([title, cell]) => html`<td key=${title} data-label=${title} class="wrap">${cell(row)}</td>`)}
          </tr>`)}</tbody>
        </table></div>
        <${Unseen} found=${found.length} />
      </div>`;
    }}</${Loaded}>`;
}
