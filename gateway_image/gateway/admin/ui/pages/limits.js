import { html } from "../kit/html.js";
import { Head } from "../kit/parts.js";

export function Limits() {
  return html`<${Head} title="Limits" />`;
}
