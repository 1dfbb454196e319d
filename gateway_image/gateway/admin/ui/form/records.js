// A list whose items are records: each a group of fields of its own, what matters first. Not for: lists of plain values.
import { html } from "../kit/html.js";
import { Field, Fields, hasAny, shortLabel } from "./field.js";
import { blank, firstOfItem, leaves, listed } from "./schema.js";
import { at, put } from "./values.js";

export const isRecordList = (field) => listed(field) && field.elements?.type === "record" && Boolean(field.elements.fields);

function Item({ fields, item, set, prefix, legend, remove }) {
  const first = firstOfItem(fields, item);
  const main = leaves(fields).filter((leaf) => first.has(leaf.path.join(".")))
    .sort((one, other) => [...first].indexOf(one.path.join(".")) - [...first].indexOf(other.path.join(".")));
  const rest = (dotted) => first.has(dotted);
  return html`<fieldset class="group"><legend>${legend}</legend><div class="fields">
    ${main.map((leaf) => html`<${Field} key=${leaf.path.join(".")} path=${leaf.path} field=${leaf.field} label=${shortLabel(leaf.names)} prefix=${prefix}
      value=${at(item, leaf.path)} set=${(value) => set(leaf.path, value)} config=${item} />`)}
    ${hasAny(fields, [], rest) && html`<details class="more"><summary>More settings<span class="hidden"> of ${legend}</span></summary>
      <div class="fields"><${Fields} fields=${fields} row=${item} set=${set} leave=${rest} prefix=${prefix} config=${item} /></div></details>`}
    <div><button type="button" class="button small" onClick=${remove}>Remove<span class="hidden"> ${legend}</span></button></div>
  </div></fieldset>`;
}

export function RecordList({ id, field, value, set, label, labelled, described }) {
  const items = value ?? [];
  const { fields } = field.elements;
  return html`<div class="fields" id=${id} role="group" aria-labelledby=${labelled} aria-describedby=${described || undefined}>
    ${items.map((item, index) => html`<${Item} key=${index} fields=${fields} item=${item} prefix=${`${id}-${index}`} legend=${`${label} ${index + 1}`}
      set=${(path, next) => set(items.map((old, at) => (at === index ? put(old, path, next) : old)))}
      remove=${() => set(items.filter((_, at) => at !== index))} />`)}
    <div><button type="button" class="button small" onClick=${() => set([...items, blank(fields)])}>Add<span class="hidden"> to ${label}</span></button></div>
  </div>`;
}
