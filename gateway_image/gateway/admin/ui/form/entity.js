// The form of one row, made from its schema: what matters first, the rest folded, what would change shown before it is
// saved, what the gateway refuses beside the field it is about. Not for: reading the row (pages do).
import { html, useEffect, useMemo, useRef, useState } from "../kit/html.js";
import { send } from "../kit/api.js";
import { plural, shown } from "../kit/format.js";
import { say } from "../kit/voice.js";
import { Field, Fields, hasAny, shortLabel } from "./field.js";
import { essentials, leaves } from "./schema.js";
import { at, changes, flattened, given, patch, put } from "./values.js";

const masked = (leaf, value) => (leaf.field.encrypted && typeof value === "string" && !value.startsWith("{vault:") ? "(a secret)" : shown(value));

function Pending({ list, leafName, discard, busy, creating, note }) {
  return html`<section class="pending" aria-label="Unsaved changes">
    <div class="row spread">
      <p><strong>${creating ? "Not created yet" : plural(list.length, "unsaved change")}</strong></p>
      <div class="actions">
        <button type="button" class="button" onClick=${discard} disabled=${busy}>Discard</button>
        <button type="submit" class="button primary" disabled=${busy}>${busy ? "Saving..." : creating ? "Create" : "Save changes"}</button>
      </div>
    </div>
    ${!creating && html`<ul class="diff">${list.map((leaf) => html`<li key=${leaf.path.join(".")}>
      <span class="name">${leafName(leaf)}</span>
      <span><del><span class="hidden">was </span>${masked(leaf, leaf.before)}</del> <span aria-hidden="true">to</span> <ins><span class="hidden">becomes </span>${masked(leaf, leaf.after)}</ins></span>
    </li>`)}</ul>`}
    ${note}
  </section>`;
}

// `row` null and `start` given: a new one. `path`: where it is written ("/services/ID", or "/services" for a new one).
// `leave(dotted)`: fields that this page decides itself. `saved(row)`: what came of it.
export function EntityForm({ kind, schema, row, start, tag, path, leave = () => false, saved, cancel, reload, prefix = kind }) {
  const creating = row === null;
  const before = creating ? start : row;
  const [draft, setDraft] = useState(before);
  const [errors, setErrors] = useState(new Map());
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  useEffect(() => { setDraft(before); setErrors(new Map()); setTrouble(null); }, [JSON.stringify(before)]);

  const all = useMemo(() => leaves(schema.fields), [schema]);
  const list = changes(all, before, draft);
  const first = essentials(kind, schema, draft, creating);
  const hide = (dotted, field) => leave(dotted) || (field?.auto && field?.uuid !== undefined && dotted === "id") || Boolean(field?.timestamp) || (dotted === "name" && kind === "plugins");
  const main = all.filter((leaf) => first.has(leaf.path.join(".")) && !hide(leaf.path.join("."), leaf.field))
    .sort((one, other) => [...first].indexOf(one.path.join(".")) - [...first].indexOf(other.path.join(".")));
  const rest = (dotted, field) => first.has(dotted) || hide(dotted, field);

  useEffect(() => {
    if (!list.length) return undefined;
    const stay = (event) => event.preventDefault();
    const ask = (event) => {
      const away = event.target.closest?.("a[href]");
      if (away && !form.current?.contains(away) && !confirm("Leave this page? Its unsaved changes would be lost.")) event.preventDefault();
    };
    addEventListener("beforeunload", stay);
    document.addEventListener("click", ask, true);
    return () => {
      removeEventListener("beforeunload", stay);
      document.removeEventListener("click", ask, true);
    };
  }, [list.length > 0]);

  const set = (where, value) => {
    setDraft((old) => put(old, where, value));
    const dotted = where.join(".");
    if (errors.has(dotted)) setErrors((old) => new Map([...old].filter(([key]) => key !== dotted)));
  };
  const discard = () => {
    setDraft(before); setErrors(new Map()); setTrouble(null); say("Changes discarded.");
    if (creating) cancel?.();
  };
  const save = async (event) => {
    event.preventDefault();
    if (busy || (!creating && !list.length)) return;
    setBusy(true);
    try {
      const written = creating ? await send("POST", path, given(draft)) : await send("PATCH", path, patch(list), tag);
      setErrors(new Map());
      setTrouble(null);
      say(creating ? "Created. It is live." : "Saved. The change is live.");
      await saved(written);
    } catch (error) {
      const found = flattened(error.fields);
      setErrors(found);
      setTrouble(error);
      requestAnimationFrame(() => (form.current?.querySelector("[aria-invalid=true]") ?? form.current?.querySelector("[role=alert]"))?.focus());
    } finally {
      setBusy(false);
    }
  };

  const placed = new Set(all.map((leaf) => leaf.path.join(".")));
  const loose = [...errors].filter(([key]) => !placed.has(key));
  const folded = [...errors.keys()].some((key) => placed.has(key) && !first.has(key));
  const note = trouble && html`<div class="note bad" role="alert" tabindex="-1">
    <p><strong>Not saved.</strong> ${trouble.status === 412 ? "Somebody changed this meanwhile." : !errors.size ? trouble.message : "The gateway refused the values marked above."}</p>
    ${loose.map(([key, text]) => html`<p key=${key}>${key.endsWith("@entity") ? "" : `${key}: `}${text}</p>`)}
    ${trouble.status === 412 && reload && html`<p><button type="button" class="button small" onClick=${reload}>Read it again</button></p>`}
  </div>`;

  return html`<form ref=${form} onSubmit=${save} novalidate data-form=${prefix}>
    <div class="fields">
      ${main.map((leaf) => html`<${Field} key=${leaf.path.join(".")} path=${leaf.path} field=${leaf.field} label=${shortLabel(leaf.names)} prefix=${prefix}
        value=${at(draft, leaf.path)} before=${creating ? undefined : (at(before, leaf.path) ?? null)} set=${(value) => set(leaf.path, value)}
        error=${errors.get(leaf.path.join("."))} config=${draft.config} />`)}
    </div>
    ${hasAny(schema.fields, [], rest) && html`<details class="more" open=${folded || undefined}>
      <summary>All other settings</summary>
      <div class="fields"><${Fields} fields=${schema.fields} row=${draft} before=${creating ? undefined : before} set=${set} errors=${errors} leave=${rest} prefix=${prefix} config=${draft.config} /></div>
    </details>`}
    ${(list.length > 0 || creating) ? html`<${Pending} list=${list} leafName=${(leaf) => shortLabel(leaf.names)} discard=${discard} busy=${busy} creating=${creating} note=${note} />` : note}
  </form>`;
}
