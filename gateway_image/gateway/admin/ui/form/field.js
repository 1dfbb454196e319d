// A field of a form: label, help, control, and what the server said about it. `config` is what holds a model's settings,
// where the name of the model can be chosen from the provider's list. Not for: which fields there are.
import { html } from "../kit/html.js";
import { Lines, controlOf, grouped } from "./controls.js";
import { ModelName } from "./model.js";
import { RecordList, isRecordList } from "./records.js";
import { entries, isRecord, labelOf } from "./schema.js";
import { at, same } from "./values.js";

const VAGUE = ["Name", "Type", "Provider", "Config"];

export const idOf = (path, prefix = "f") => [prefix, ...path].join("-").replace(/[^\w-]/g, "_");

// The label of a leaf that stands without its record around it: "Model name", not "Name".
export function shortLabel(names) {
  const last = names.at(-1);
  const parent = names.at(-2);
  return VAGUE.includes(last) && parent && parent !== "Config" ? `${parent} ${last.toLowerCase()}` : last;
}

const bounds = (field) => {
  const told = [];
  if (field.between) told.push(`From ${field.between[0]} to ${field.between[1]}.`);
  if (field.gt != null) told.push(`More than ${field.gt}.`);
  if (field.referenceable) told.push("May be a reference such as {vault://env/NAME}.");
  return told.join(" ");
};

export function Field({ path, field, label, value, set, error, before, config, prefix }) {
  const id = idOf(path, prefix);
  const named = config?.model !== undefined && path.join(".").endsWith("model.name");
  const Control = named ? ModelName : isRecordList(field) ? RecordList : controlOf(field);
  const group = isRecordList(field) || grouped(field);
  const help = [field.description, bounds(field), Control === Lines && "One per line."].filter(Boolean).join(" ");
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ");
  const changed = before !== undefined && !same(before, value);
  const mark = field.required && field.default === undefined && html` <span class="mark" aria-hidden="true">required</span>`;
  const name = group ? html`<span class="label" id=${`${id}-label`}>${label}</span>` : html`<label class="label" for=${id}>${label}</label>`;
  return html`<div class="field" data-changed=${String(changed)} data-path=${path.join(".")}>
    <div class="words"><p>${name}${mark}</p>${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}</div>
    <div class="box">
      <${Control} id=${id} field=${field} value=${value} set=${set} label=${label} labelled=${`${id}-label`} invalid=${Boolean(error)} described=${described} ...${named ? { config } : {}} />
      ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
    </div>
  </div>`;
}

// All fields of a record, records in it as groups. `leave(dotted)`: which not to show here.
export function Fields({ fields, path = [], row, before, set, errors, leave = () => false, prefix, config }) {
  return entries(fields).map(([name, field]) => {
    const here = [...path, name];
    const dotted = here.join(".");
    if (leave(dotted, field)) return null;
    if (isRecord(field) && field.fields) {
      const inner = html`<${Fields} fields=${field.fields} path=${here} row=${row} before=${before} set=${set} errors=${errors} leave=${leave} prefix=${prefix} config=${config} />`;
      if (!hasAny(field.fields, here, leave)) return null;
      const error = errors?.get(dotted);
      if (dotted === "config") return html`<div class="fields" key=${dotted}>${error && html`<p class="note bad">${error}</p>`}${inner}</div>`;
      return html`<fieldset class="group" key=${dotted}><legend>${labelOf(name)}</legend>
        ${field.description && html`<p class="help soft small">${field.description}</p>`}${error && html`<p class="note bad">${error}</p>`}<div class="fields">${inner}</div></fieldset>`;
    }
    return html`<${Field} key=${dotted} path=${here} field=${field} label=${labelOf(name)} value=${at(row, here)} before=${before ? (at(before, here) ?? null) : undefined}
      set=${(value) => set(here, value)} error=${errors?.get(dotted)} prefix=${prefix} config=${config} />`;
  });
}

export const hasAny = (fields, path, leave) => entries(fields).some(([name, field]) => {
  const here = [...path, name];
  if (leave(here.join("."), field)) return false;
  return isRecord(field) && field.fields ? hasAny(field.fields, here, leave) : true;
});

