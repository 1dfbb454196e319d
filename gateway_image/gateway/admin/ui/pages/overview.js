import { html } from "../kit/html.js";
import { Head } from "../kit/parts.js";

export function Overview() {
  return html`<${Head} title="Overview" />`;
}
