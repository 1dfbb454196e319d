// The Test button: one small, real request through the proxy, and what it showed. Not for: drawing answers at length.
import { html, useState } from "./html.js";
import { duration, plural } from "./format.js";
import { Badge } from "./parts.js";
import { limits, parsed, reason, requestOf, whole } from "./relay.js";
import { say } from "./voice.js";

const MOST_TOKENS = 8;

// { ok, status, ms, tokens, model, limits, message }
export async function tryRoute(route, key = "") {
  const ask = (limit) => whole(requestOf(route, route.body && limit ? { ...route.body, [limit]: MOST_TOKENS } : route.body, key));
  let answer = await ask(route.limit);
  // newer models know the limit by this name only
  if (answer.status === 400 && answer.text.includes("max_completion_tokens")) answer = await ask("max_completion_tokens");
  const usage = parsed(answer.text)?.usage ?? {};
  const ok = !answer.error && answer.status >= 200 && answer.status < 400;
  return {
    ok,
    status: answer.status,
    ms: answer.ms,
    tokens: usage.total_tokens ?? (usage.input_tokens != null ? usage.input_tokens + (usage.output_tokens ?? 0) : null),
    model: answer.headers.get("x-kong-llm-model") ?? "",
    limits: limits(answer.headers),
    message: ok ? "" : answer.error ? answer.error.detail : reason(answer.text, answer.status),
  };
}

const SAYS = { 401: "key refused", 403: "not allowed", 404: "not found", 429: "limited" };

export function Outcome({ result }) {
  const word = result.ok ? "ok" : (SAYS[result.status] ?? "failed");
  const facts = [result.status ? `status ${result.status}` : "no answer", duration(result.ms)];
  if (result.tokens != null) facts.push(plural(result.tokens, "token"));
  if (result.model) facts.push(result.model);
  return html`<div class="stack" data-outcome=${result.ok ? "ok" : "failed"}>
    <p class="row"><${Badge} kind=${result.ok ? "ok" : result.status === 429 ? "warn" : "bad"}>${word}</${Badge}><span class="soft">${facts.join(", ")}</span></p>
    ${result.limits.map((one) => html`<p key=${one.name} class="small">${plural(one.left, one.unit.slice(0, -1))} of ${one.limit} left for ${one.name}</p>`)}
    ${result.message && html`<p class="note bad wrap">${result.message}</p>`}
  </div>`;
}

export function KeyField({ route, value, set, id }) {
  return html`<label class="row" for=${id}><span class="soft">${route.key_header}</span>
    <input class="input narrow" id=${id} type="password" autocomplete="off" placeholder="a consumer's key" value=${value} onInput=${(event) => set(event.target.value)} /></label>`;
}

export function Trial({ route, done, quiet, note }) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState(null);
  const [key, setKey] = useState("");
  const act = async () => {
    setBusy(true);
    try {
      const found = await tryRoute(route, key);
      setResult(found);
      say(found.ok ? `${route.name} answers, ${duration(found.ms)}.` : `${route.name} failed: ${found.message}`);
    } catch (error) {
      setResult({ ok: false, status: 0, ms: null, limits: [], message: error.message });
      say(`The test failed: ${error.message}`);
    } finally {
      setBusy(false);
      done?.();
    }
  };
  if (!route.path) return html`<p class="soft">Its paths are patterns: try it with a path of your own in a terminal.</p>`;
  return html`<div class="stack">
    <div class="row">
      <button type="button" class="button ${quiet ? "small" : "primary"}" onClick=${act} disabled=${busy}>${busy ? "Testing..." : "Test"}<span class="hidden"> ${route.name}</span></button>
      ${route.key_header && html`<${KeyField} route=${route} value=${key} set=${setKey} id=${`key-${route.id}`} />`}
      ${note && html`<span class="small soft">${note}</span>`}
      ${!result && !quiet && html`<span class="soft small">Sends one small request through the gateway${route.limit ? `; its answer has at most ${MOST_TOKENS} tokens` : ""}.</span>`}
    </div>
    ${result && html`<${Outcome} result=${result} />`}
  </div>`;
}
