// Requests through the proxy. The gateway wraps what comes back, a JSON object a line (admin/relay.py). Not for: drawing.
import { ApiError } from "./api.js";

let place = "manager/relay";

// Where another page than the Manager's sends its requests.
export const relayAt = (path) => { place = path; };

// Calls hear({head}), hear({data, ms}), hear({end}) or hear({error}) as they come. Resolves when all is heard.
export async function through(request, hear, signal) {
  let answer;
  try {
    answer = await fetch(place, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new ApiError(0);
  }
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => null));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) hear(JSON.parse(line));
    if (done) return;
  }
}

// The whole answer: { status, headers: Map, text, ms, error }.
export async function whole(request, signal) {
  const found = { status: 0, headers: new Map(), text: "", ms: 0, error: null };
  await through(request, (told) => {
    if (told.head) {
      found.status = told.head.status;
      for (const [name, value] of told.head.headers) found.headers.set(name, value);
    }
    if (told.data) found.text += told.data;
    if (told.end) found.ms = told.end.ms;
    if (told.error) { found.error = told.error; found.ms = told.error.ms; }
  }, signal);
  return found;
}

// The request that calls a route: its own sample body unless another is given, and what the route asks for.
export function requestOf(route, body = route.body, key = "") {
  const headers = { ...route.headers };
  if (route.hosts.length) headers.Host = route.hosts[0].replace("*", "example");
  if (route.key_header && key) headers[route.key_header] = key;
  const text = body == null ? null : JSON.stringify(body);
  if (text !== null) headers["Content-Type"] = "application/json";
  return { method: route.method, path: route.path, headers, body: text };
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// What an error answer says, whoever wrote it.
export function reason(text, status) {
  const body = parsed(text);
  const error = body?.error;
  const inner = typeof error === "string" ? error : error?.message;
  const told = [body?.message, inner].filter((part) => typeof part === "string" && part);
  return told.join(" - ") || text.trim().slice(0, 300) || `status ${status}`;
}

const LIMIT = /^x-ai-ratelimit-limit-(.+)-([^-]+)$|^x-ratelimit-limit-(.+)$/;
const WINDOWS = { second: "second", minute: "minute", hour: "hour", day: "day", month: "month", year: "year" };

// Limits that an answer's headers tell: [{ name, limit, left }].
export function limits(headers) {
  const found = [];
  for (const [name, value] of headers) {
    const match = LIMIT.exec(name);
    if (!match) continue;
    const left = headers.get(name.replace("ratelimit-limit-", "ratelimit-remaining-"));
    const window = match[1] ?? match[3];
    const per = WINDOWS[window] ? `per ${window}` : `per ${window} s`;
    found.push({ name: match[2] ? `${match[2]}, ${per}` : per, unit: match[2] ? "tokens" : "requests", limit: Number(value), left: Number(left ?? NaN) });
  }
  return found;
}
