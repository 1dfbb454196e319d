// A list whose items are records: each a group of fields of its own. Not for: lists of plain values.
import { html } from "../kit/html.js";
import { Fields } from "./field.js";
import { blank, listed } from "./schema.js";
import { put } from "./values.js";

export const isRecordList = (field) => listed(field) && field.elements?.type === "record" && Boolean(field.elements.fields);

export function RecordList({ id, field, value, set, label, labelled, described }) {
  const items = value ?? [];
  return html`<div class="fields" id=${id} role="group" aria-labelledby=${labelled} aria-describedby=${described || undefined}>
    ${items.map((item, index) => html`<fieldset class="group" key=${index}>
      <legend>${label} ${index + 1}</legend>
      <div class="fields"><${Fields} fields=${field.elements.fields} row=${item} prefix=${`${id}-${index}`}
        set=${(inner, next) => set(items.map((old, at) => (at === index ? put(old, inner, next) : old)))} />
        <div><button type="button" class="button small" onClick=${() => set(items.filter((_, at) => at !== index))}>Remove<span class="hidden"> ${label} ${index + 1}</span></button></div>
      </div>
    </fieldset>`)}
    <div><button type="button" class="button small" onClick=${() => set([...items, blank(field.elements.fields)])}>Add<span class="hidden"> to ${label}</span></button></div>
  </div>`;
}
