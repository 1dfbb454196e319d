// Bars over time, as shapes with attributes: a strict policy lets no style in. Not for: what is counted.
import { html } from "./html.js";
import { minute as clock } from "./format.js";

const HEIGHT = 48;
const STEP = 6;

// `rows`: [{ at (seconds), value, part }], oldest first; `part` of the value is drawn in another colour (failed of all).
export function Bars({ rows, label, format, partLabel }) {
  const most = Math.max(...rows.map((row) => row.value), 0);
  const scale = most ? (HEIGHT - 2) / most : 0;
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  const words = total ? `${label}: ${format(total)} in all, at most ${format(most)} in a minute` : `${label}: none`;
  return html`<div class="bars">
    <svg viewBox=${`0 0 ${rows.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${words}>
      <path class="ground" d=${`M0 ${HEIGHT - 0.5}H${rows.length * STEP}`} />
      ${rows.map((row, index) => row.value > 0 && html`<g key=${row.at}>
        <title>${clock(row.at)}: ${format(row.value)}${row.part ? `, ${format(row.part)} ${partLabel}` : ""}</title>
        <rect class="bar" x=${index * STEP + 0.75} width=${STEP - 1.5} y=${HEIGHT - Math.max(1.5, row.value * scale)} height=${Math.max(1.5, row.value * scale)} rx="0.75" />
        ${row.part > 0 && html`<rect class="bar part" x=${index * STEP + 0.75} width=${STEP - 1.5} y=${HEIGHT - Math.max(1.5, row.part * scale)} height=${Math.max(1.5, row.part * scale)} rx="0.75" />`}
      </g>`)}
    </svg>
    <p class="small soft row spread"><span>${rows.length ? clock(rows[0].at) : ""}</span><span>now</span></p>
  </div>`;
}

// How much of something is left or used, from 0 to 1.
export const Meter = ({ part, kind = "ok", label }) => html`<div class="meter ${kind}">
  <svg viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label=${label}><rect class="fill" width=${Math.max(0, Math.min(100, part * 100))} height="4" /></svg>
</div>`;
