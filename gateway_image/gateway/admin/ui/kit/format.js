// Numbers, times and money for people. Not for: markup.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });

export const count = (value) => (value == null ? "-" : Math.abs(value) < 100000 ? whole.format(value) : short.format(value));
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

// From milliseconds: "612 ms", "1.9 s", "2 min". The gateway's clock ticks once a millisecond.
export function duration(ms) {
  if (ms == null || Number.isNaN(ms)) return "-";
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60000)} min`;
}

// USD. What is less than a cent keeps two digits that count.
export function money(dollars) {
  if (!dollars) return "$0";
  if (dollars >= 0.01) return `$${dollars.toFixed(2)}`;
  return `$${Number(dollars.toPrecision(2)).toFixed(Math.min(8, 1 - Math.floor(Math.log10(dollars))))}`;
}

export function bytes(size) {
  if (size == null) return "-";
  if (size < 1024) return `${size} B`;
  return size < 1048576 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 1048576).toFixed(1)} MiB`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

// From seconds since 1970, in the reader's own time.
export const time = (seconds) => clock.format(seconds * 1000);
export const minute = (seconds) => time(seconds).slice(0, 5);
export const moment = (seconds) => (seconds ? `${day.format(seconds * 1000)} ${time(seconds)}` : "-");

export function ago(seconds, now = Date.now() / 1000) {
  const past = Math.max(0, now - seconds);
  if (past < 60) return `${Math.round(past)} s ago`;
  if (past < 3600) return `${Math.round(past / 60)} min ago`;
  if (past < 172800) return `${Math.round(past / 3600)} h ago`;
  return `${Math.round(past / 86400)} days ago`;
}

// A value of a form as one line of text.
export function shown(value) {
  if (value === null || value === undefined || value === "") return "not set";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ") || "empty list";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
