import { html } from "../kit/html.js";
import { Head } from "../kit/parts.js";

export function Requests() {
  return html`<${Head} title="Requests" />`;
}
