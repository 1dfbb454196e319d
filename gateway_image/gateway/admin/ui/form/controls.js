// One control per type of field. Each gets { id, field, value, set, invalid, described } and calls set(new value).
// Not for: labels, help and errors (field.js).
import { html, useRef, useState } from "../kit/html.js";
import { useLoad } from "../kit/load.js";
import { list } from "../kit/api.js";
import { KINDS } from "../kit/kinds.js";

const REFERENCE = /^\{vault:\/\/.*\}$/;
const BLANK_REFERENCE = "{vault://env/NAME}";

const attributes = ({ id, invalid, described }) => ({ id, "aria-invalid": invalid ? "true" : undefined, "aria-describedby": described || undefined });

export function Text({ field, value, set, list: choices, onFocus, ...rest }) {
  return html`<input class="input" type="text" spellcheck=${false} autocomplete="off" list=${choices} onFocus=${onFocus} ...${attributes(rest)}
    aria-required=${field.required ? "true" : undefined} value=${value ?? ""} onInput=${(event) => set(event.target.value === "" ? null : event.target.value)} />`;
}

// A secret is hidden unless it is only the name of one.
export function Secret({ field, value, set, ...rest }) {
  const [open, setOpen] = useState(false);
  const input = useRef(null);
  const reference = !value || REFERENCE.test(value);
  const refer = () => {
    set(BLANK_REFERENCE);
    requestAnimationFrame(() => {
      input.current.focus();
      input.current.setSelectionRange(BLANK_REFERENCE.indexOf("NAME"), BLANK_REFERENCE.indexOf("NAME") + 4);
    });
  };
  return html`<div class="with-button">
    <input class="input mono" ref=${input} type=${!field.encrypted || reference || open ? "text" : "password"} spellcheck=${false} autocomplete="off" ...${attributes(rest)}
      value=${value ?? ""} onInput=${(event) => set(event.target.value === "" ? null : event.target.value)} />
    ${field.encrypted && !reference && html`<button type="button" class="button small" aria-pressed=${String(open)} onClick=${() => setOpen(!open)}>${open ? "Hide" : "Show"}</button>`}
    ${!value && html`<button type="button" class="button small" onClick=${refer}>Use a secret</button>`}
  </div>`;
}

export function NumberBox({ field, value, set, ...rest }) {
  const [text, setText] = useState(null);
  const typed = (event) => {
    const words = event.target.value.trim();
    setText(event.target.value);
    const number = Number(words);
    // what is no number is sent as it stands, and the gateway says what is wrong with it
    set(words === "" ? null : Number.isFinite(number) ? number : words);
  };
  return html`<input class="input narrow" type="text" inputmode=${field.type === "integer" ? "numeric" : "decimal"} autocomplete="off" ...${attributes(rest)}
    aria-required=${field.required ? "true" : undefined} value=${text !== null && Number(text) === value ? text : (value ?? "")} onInput=${typed} onBlur=${() => setText(null)} />`;
}

export function Choice({ field, value, set, options, ...rest }) {
  const named = options ?? field.one_of.map((word) => [word, String(word)]);
  const known = value == null || named.some(([word]) => word === value);
  return html`<select class="select" ...${attributes(rest)} aria-required=${field.required ? "true" : undefined} value=${value ?? ""}
    onChange=${(event) => set(event.target.value === "" ? null : (named.find(([word]) => String(word) === event.target.value)?.[0] ?? event.target.value))}>
    ${(!field.required || value == null) && html`<option value="">not set</option>`}
    ${!known && html`<option value=${value}>${value}</option>`}
    ${named.map(([word, text]) => html`<option key=${word} value=${word}>${text}</option>`)}
  </select>`;
}

export function Switch({ field, value, set, label, ...rest }) {
  if (field.default === undefined && !field.required) {
    return html`<${Choice} ...${rest} field=${field} value=${value} set=${set} options=${[[true, "on"], [false, "off"]]} />`;
  }
  return html`<span class="switch"><input type="checkbox" role="switch" ...${attributes(rest)} checked=${Boolean(value)} onChange=${(event) => set(event.target.checked)} /><span aria-hidden="true">${value ? "on" : "off"}</span></span>`;
}

export function Checks({ field, value, set, id, described, labelled }) {
  const chosen = value ?? [];
  const turn = (word, on) => {
    const next = field.elements.one_of.filter((other) => (other === word ? on : chosen.includes(other)));
    set(next.length || field.required ? next : null);
  };
  return html`<div class="choices" id=${id} role="group" aria-labelledby=${labelled} aria-describedby=${described || undefined}>
    ${field.elements.one_of.map((word) => html`<label key=${word}><input type="checkbox" checked=${chosen.includes(word)} onChange=${(event) => turn(word, event.target.checked)} />${word}</label>`)}
  </div>`;
}

// A list of texts or numbers, one a line.
export function Lines({ field, value, set, ...rest }) {
  const [text, setText] = useState(null);
  const number = ["integer", "number"].includes(field.elements.type);
  const shown = (value ?? []).join("\n");
  const typed = (event) => {
    setText(event.target.value);
    const lines = event.target.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const items = number ? lines.map((line) => (Number.isFinite(Number(line)) ? Number(line) : line)) : lines;
    set(items.length || field.required ? items : null);
  };
  const rows = Math.min(8, Math.max(2, (text ?? shown).split("\n").length + 1));
  return html`<textarea class="area" rows=${rows} spellcheck=${false} ...${attributes(rest)} value=${text ?? shown} onInput=${typed} onBlur=${() => setText(null)}></textarea>`;
}

export function Pairs({ field, value, set, id, described, label, labelled }) {
  const pairs = Object.entries(value ?? {});
  const write = (next) => set(next.length ? Object.fromEntries(next) : null);
  const plain = ["string", "integer", "number"].includes(field.values.type);
  const text = (item) => (plain ? item : JSON.stringify(item));
  const read = (words) => {
    if (field.values.type === "string") return words;
    try { return JSON.parse(words); } catch { return words; }
  };
  return html`<div class="pairs" id=${id} role="group" aria-labelledby=${labelled} aria-describedby=${described || undefined}>
    ${pairs.map(([key, item], index) => html`<div key=${index}>
      <input class="input" aria-label=${`${label}: name ${index + 1}`} value=${key} onChange=${(event) => write(pairs.map((pair, at) => (at === index ? [event.target.value, pair[1]] : pair)))} />
      <input class="input" aria-label=${`${label}: value of ${key || index + 1}`} value=${text(item)} onChange=${(event) => write(pairs.map((pair, at) => (at === index ? [pair[0], read(event.target.value)] : pair)))} />
      <button type="button" class="button small" onClick=${() => write(pairs.filter((_, at) => at !== index))}>Remove<span class="hidden"> ${key || index + 1}</span></button>
    </div>`)}
    <div><button type="button" class="button small" onClick=${() => set({ ...(value ?? {}), "": field.values.type === "string" ? "" : null })}>Add<span class="hidden"> to ${label}</span></button></div>
  </div>`;
}

// Another row, by its name.
export function Reference({ field, value, set, ...rest }) {
  const kind = KINDS[field.reference];
  const load = useLoad(() => (kind ? list(kind.path, 2000) : Promise.resolve([])), [field.reference]);
  const options = (load.value ?? []).map((row) => [row.id, kind.nameOf(row)]).sort((one, other) => one[1].localeCompare(other[1]));
  return html`<${Choice} ...${rest} field=${field} value=${value?.id ?? null} set=${(id) => set(id ? { id } : null)} options=${options} />`;
}

export function Json({ value, set, ...rest }) {
  const [text, setText] = useState(null);
  const typed = (event) => {
    setText(event.target.value);
    try { set(event.target.value.trim() ? JSON.parse(event.target.value) : null); } catch { set(event.target.value); }
  };
  const shown = value == null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return html`<textarea class="area" rows="5" spellcheck=${false} ...${attributes(rest)} value=${text ?? shown} onInput=${typed} onBlur=${() => setText(null)}></textarea>`;
}

// Which control a field gets.
export function controlOf(field) {
  if (field.one_of) return Choice;
  if (field.type === "string") return field.referenceable ? Secret : Text;
  if (field.type === "boolean") return Switch;
  if (field.type === "integer" || field.type === "number") return NumberBox;
  if (field.type === "foreign") return Reference;
  if (field.type === "map") return Pairs;
  if (field.type === "array" || field.type === "set") {
    if (field.elements?.one_of) return Checks;
    if (["string", "integer", "number"].includes(field.elements?.type)) return Lines;
  }
  return Json;
}

export const grouped = (field) => [Checks, Pairs].includes(controlOf(field));
