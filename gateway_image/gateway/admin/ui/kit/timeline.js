// When what happened in one request: the gateway's own part, waiting for the provider, its answer piece by piece.
// Not for: several requests.
import { html } from "./html.js";
import { duration, plural } from "./format.js";

const WIDE = 600;

export function Timeline({ request }) {
  const { ms, forwarded_ms: forwarded, first_byte_ms: first } = request;
  const answered = first ?? ms;
  const parts = forwarded === null
    ? [["own", "Gateway", 0, ms]]
    : [["own", "Gateway", 0, forwarded], ["wait", "Waiting", forwarded, answered], ["get", "Receiving", answered, ms]];
  const x = (at) => (ms ? (Math.min(at, ms) / ms) * WIDE : 0);
  const pieces = request.watched?.pieces ?? [];
  return html`<figure class="stack">
    <svg class="timeline" viewBox=${`0 0 ${WIDE} 34`} preserveAspectRatio="none" aria-hidden="true">
      ${parts.map(([kind, , from, to]) => html`<rect key=${kind} class=${kind} x=${x(from)} width=${Math.max(1, x(to) - x(from))} y="2" height="18" rx="2" />`)}
      ${pieces.map(([at], index) => html`<path key=${index} class="tick" d=${`M${x(at)} 24v8`} />`)}
    </svg>
    <figcaption><ul class="legend">${parts.map(([kind, name, from, to]) => html`<li key=${kind}><span class="swatch ${kind}" aria-hidden="true"></span>${name} <strong>${duration(Math.max(0, to - from))}</strong></li>`)}</ul>
      ${pieces.length > 0 && html`<p class="small soft">${plural(pieces.length, "piece")} of the answer${pieces.length > 1 ? `, the first after ${duration(pieces[0][0])}, the last after ${duration(pieces.at(-1)[0])}` : ""}</p>`}
    </figcaption></figure>`;
}
