// Sums per minute as the pages want them. Pure. Not for: fetching.
export const MINUTES = 60;
export const FIELDS = ["requests", "failed", "refused", "limited", "prompt_tokens", "completion_tokens", "cost", "seconds"];

const zero = () => Object.fromEntries(FIELDS.map((name) => [name, 0]));

export function add(into, row) {
  for (const name of FIELDS) into[name] += row[name];
  return into;
}

// The last hour, minute by minute, oldest first: [{ at, ...sums }], of all routes or of one.
export function series({ now, minutes }, route) {
  const last = Math.floor(now / 60);
  const rows = Array.from({ length: MINUTES }, (_, index) => ({ at: (last - MINUTES + 1 + index) * 60, ...zero() }));
  for (const row of minutes) {
    const found = rows[row.minute - last + MINUTES - 1];
    if (found && (route === undefined || row.route === route)) add(found, row);
  }
  return rows;
}

// Sums per route over the last hour: Map of id -> sums. "" stands for requests that no route took.
export function perRoute({ minutes }) {
  const found = new Map();
  for (const row of minutes) found.set(row.route, add(found.get(row.route) ?? zero(), row));
  return found;
}

export const total = (rows) => rows.reduce(add, zero());

export const STATES = {
  ok: ["ok", "ok"], down: ["bad", "down"], failing: ["bad", "failing"], refused: ["warn", "refused"], limited: ["warn", "limited"],
};
