// Requests that the gateway remembers: asked for again and again while somebody looks, which lets it watch the next ones.
// Not for: drawing.
import { useRef, useState } from "./html.js";
import { own } from "./api.js";
import { useEvery, useLoad } from "./load.js";

const EVERY = 2000;

// What the reader wants recorded, on whichever of the pages they are.
export const wish = { watch: true, bodies: false };

const MOST = 500;

// { rows, now, error }: newest first. `watch`: have details recorded of what comes next; `bodies`: words too.
export function useRemembered({ watch, bodies, paused }) {
  const known = useRef(new Map());
  const since = useRef(0);
  const [state, setState] = useState({ rows: null, now: 0 });
  const load = useLoad(async () => {
    const told = await own("requests", { since: since.current, watch, bodies });
    for (const row of told.requests) {
      known.current.set(row.id, row);
      since.current = Math.max(since.current, row.ended);
    }
    const rows = [...known.current.values()].sort((one, other) => other.started - one.started).slice(0, MOST);
    known.current = new Map(rows.map((row) => [row.id, row]));
    setState({ rows, now: told.now });
    return told;
  }, [watch, bodies]);
  useEvery(EVERY, load.reload, paused);
  return { ...state, error: load.error, reload: load.reload };
}

const DROPPED = new Set(["host", "content-length", "connection", "user-agent", "accept-encoding", "transfer-encoding", "keep-alive"]);
export const COVERED = "REDACTED";

// What can be sent again of a remembered request: { method, path, headers, body, missing (names of what was covered) }.
export function again(request, route) {
  const headers = {};
  const missing = [];
  for (const [name, value] of request.request_headers) {
    const lower = name.toLowerCase();
    if (lower === "host" && route?.hosts.length) headers[name] = value;
    if (DROPPED.has(lower)) continue;
    if (value === COVERED) missing.push(name);
    else headers[name] = value;
  }
  const bodies = request.watched?.bodies ?? {};
  const sample = request.received > 0 && bodies.client === undefined;
  const body = sample ? (route?.body ? JSON.stringify(route.body) : null) : (bodies.client ?? null);
  return { method: request.method, path: request.target, headers, body, missing, sample };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOf(base, { method, path, headers, body, missing }) {
  const lines = [`curl -sS${method === "GET" ? "" : ` -X ${method}`} ${quoted(base + path)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  for (const name of missing) lines.push(`-H ${quoted(`${name}: YOUR_KEY`)}`);
  if (body !== null) lines.push(`-d ${quoted(body)}`);
  return lines.join(" \\\n  ");
}
