import { html } from "../kit/html.js";
import { Head } from "../kit/parts.js";

export function Playground() {
  return html`<${Head} title="Playground" />`;
}
