// How a route did last: a word, when, and why not. Not for: testing it (trial.js).
import { STATES } from "./activity.js";
import { ago } from "./format.js";
import { html } from "./html.js";
import { Badge } from "./parts.js";

export function Health({ last, now }) {
  if (!last) return html`<${Badge}>no requests yet</${Badge}>`;
  const [kind, word] = STATES[last.state];
  return html`<span class="row"><${Badge} kind=${kind}>${word}</${Badge}><span class="small soft">${ago(last.at, now)}${last.error ? `, ${last.error.replace("_", " ")}` : ""}</span></span>`;
}
