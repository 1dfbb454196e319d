// One prompt to several routes at once, their answers side by side as they come. Not for: keeping conversations.
import { html, useRef, useState } from "../kit/html.js";
import { own } from "../kit/api.js";
import { duration, plural } from "../kit/format.js";
import { useLoad } from "../kit/load.js";
import { Badge, Head, Loaded } from "../kit/parts.js";
import { KeyField } from "../kit/trial.js";
import { limits, parsed, reason, requestOf, through } from "../kit/relay.js";
import { say } from "../kit/voice.js";
import { streamReader, textOf, tokensOf } from "../kit/words.js";

const MOST = 4;
const PLAYED = ["chat", "completions", "messages", "responses"];

function bodyOf(route, { prompt, system, stream, most, temperature }) {
  const messages = [{ role: "user", content: prompt }];
  const body = { ...route.body };
  if (route.operation === "completions") body.prompt = prompt;
  else if (route.operation === "responses") body.input = prompt;
  else body.messages = messages;
  if (system && route.operation === "chat") body.messages = [{ role: "system", content: system }, ...messages];
  if (system && route.operation === "messages") body.system = system;
  if (system && route.operation === "responses") body.instructions = system;
  if (stream) {
    body.stream = true;
    if (["chat", "completions"].includes(route.operation)) body.stream_options = { include_usage: true };
  }
  if (most) body[route.limit] = most;
  if (temperature != null) body.temperature = temperature;
  return body;
}

// Asks one route; tell(part) is called with what is known so far.
async function play(route, settings, key, tell, signal) {
  const read = streamReader();
  const state = { text: "", status: 0, first: null, ms: null, usage: null, error: "", limits: [] };
  let streamed = false;
  let raw = "";
  const told = () => tell({ ...state });
  await through(requestOf(route, bodyOf(route, settings), key), (event) => {
    if (event.head) {
      state.status = event.head.status;
      const headers = new Map(event.head.headers);
      state.limits = limits(headers);
      streamed = (headers.get("content-type") ?? "").startsWith("text/event-stream");
    }
    if (event.data !== undefined) {
      state.first ??= event.ms;
      if (streamed) {
        const added = read(event.data);
        state.text += added.text;
        state.usage = added.usage ? { ...state.usage, ...added.usage } : state.usage;
        state.error ||= added.error;
      } else raw += event.data;
    }
    if (event.end) state.ms = event.end.ms;
    if (event.error) Object.assign(state, { ms: event.error.ms, error: event.error.detail });
    told();
  }, signal);
  if (!streamed && !state.error) {
    const body = parsed(raw);
    state.text = textOf(body) || (body || state.status >= 400 ? "" : raw);
    state.usage = body?.usage ?? null;
    if (state.status >= 400) state.error = reason(raw, state.status);
  }
  if (state.status >= 400 && !state.error) state.error = `status ${state.status}`;
  state.done = true;
  told();
  return state;
}

function Answer({ route, answer }) {
  const tokens = tokensOf(answer.usage);
  const speed = tokens && answer.ms && answer.first != null && answer.ms > answer.first + 20 ? tokens.completion / ((answer.ms - answer.first) / 1000) : null;
  const facts = [
    answer.first != null && `first words ${duration(answer.first)}`,
    answer.ms != null && `whole ${duration(answer.ms)}`,
    tokens && `${tokens.prompt} in, ${tokens.completion} out`,
    speed && `${speed.toFixed(0)} tokens/s`,
    ...answer.limits.map((one) => `${plural(one.left, one.unit.slice(0, -1))} left of ${one.limit}`),
  ].filter(Boolean);
  const [kind, word] = answer.error ? ["bad", "failed"] : answer.stopped ? ["warn", "stopped"] : answer.done ? ["ok", "done"] : ["none", "answering"];
  return html`<section class="card stack" aria-label=${`Answer of ${route.name}`} aria-busy=${String(!answer.done && !answer.stopped)}>
    <header class="row spread"><h3>${route.name}</h3><${Badge} kind=${kind}>${word}</${Badge}></header>
    <p class="small soft">${route.title}${route.model ? `, ${route.model}` : ""}</p>
    ${answer.text ? html`<p class="answer">${answer.text}</p>` : !answer.error && answer.done && html`<p class="soft">The answer has no text.</p>`}
    ${answer.error && html`<p class="note bad wrap">${answer.error}</p>`}
    <p class="small soft">${facts.join(", ")}</p>
  </section>`;
}

export function Playground({ place }) {
  const load = useLoad(async () => (await own("routes")).routes.filter((route) => PLAYED.includes(route.operation) && route.path), []);
  return html`<${Head} title="Playground"><p>One prompt to several routes at once. Requests go through the gateway as any client's do, with its limits and its costs.</p></${Head}>
    <${Loaded} load=${load}>${(routes) => (routes.length
      ? html`<${Board} routes=${routes} asked=${place.query.getAll("route")} />`
      : html`<div class="card empty"><p>There is no route with a model behind it yet.</p></div>`)}</${Loaded}>`;
}

function Board({ routes, asked }) {
  const [chosen, setChosen] = useState(() => (asked.length ? asked : routes.slice(0, 2).map((route) => route.id)));
  const [settings, setSettings] = useState({ prompt: "What is an API gateway? Two sentences.", system: "", stream: true, most: null, temperature: null });
  const [keys, setKeys] = useState({});
  const [answers, setAnswers] = useState({});
  const [asking, setAsking] = useState(null);
  const stop = useRef(null);
  const picked = routes.filter((route) => chosen.includes(route.id));
  const change = (name, value) => setSettings((old) => ({ ...old, [name]: value }));
  const number = (name, read) => (event) => change(name, event.target.value.trim() === "" || Number.isNaN(read(event.target.value)) ? null : read(event.target.value));
  const run = async (event) => {
    event.preventDefault();
    if (asking || !picked.length || !settings.prompt.trim()) return;
    const control = new AbortController();
    stop.current = control;
    setAsking(picked);
    setAnswers(Object.fromEntries(picked.map((route) => [route.id, { text: "", limits: [] }])));
    say(`Asking ${plural(picked.length, "route")}.`);
    const ends = await Promise.allSettled(picked.map((route) => {
      const tell = (answer) => setAnswers((old) => ({ ...old, [route.id]: answer }));
      return play(route, settings, keys[route.id], tell, control.signal).catch((error) => {
        setAnswers((old) => ({ ...old, [route.id]: { ...old[route.id], ...(error.name === "AbortError" ? { stopped: true } : { error: error.message, done: true }) } }));
        throw error;
      });
    }));
    setAsking(null);
    const well = ends.filter((end) => end.status === "fulfilled" && !end.value.error).length;
    say(`${well} of ${plural(picked.length, "route")} answered.`);
  };
  return html`<div class="stack">
    <form class="card fields" onSubmit=${run}>
      <fieldset class="pick"><legend class="label">Routes <span class="soft small">up to ${MOST}</span></legend>
        <div class="choices">${routes.map((route) => html`<label key=${route.id}><input type="checkbox" checked=${chosen.includes(route.id)} disabled=${!chosen.includes(route.id) && chosen.length >= MOST}
          onChange=${(event) => setChosen((old) => (event.target.checked ? [...old, route.id] : old.filter((id) => id !== route.id)))} />${route.name}</label>`)}</div>
        ${picked.filter((route) => route.key_header).map((route) => html`<${KeyField} key=${route.id} route=${route} id=${`key-${route.id}`} value=${keys[route.id] ?? ""} set=${(key) => setKeys((old) => ({ ...old, [route.id]: key }))} />`)}
      </fieldset>
      <div class="box"><label class="label" for="prompt">Prompt</label>
        <textarea class="area prose" id="prompt" rows="3" value=${settings.prompt} onInput=${(event) => change("prompt", event.target.value)}></textarea></div>
      <details class="more"><summary>System prompt and options</summary><div class="fields">
        <div class="box"><label class="label" for="system">System prompt</label>
          <textarea class="area prose" id="system" rows="2" value=${settings.system} onInput=${(event) => change("system", event.target.value)}></textarea></div>
        <div class="row">
          <label class="box" for="most"><span class="label">Most tokens</span><input class="input narrow" id="most" inputmode="numeric" onInput=${number("most", Number)} /></label>
          <label class="box" for="temperature"><span class="label">Temperature</span><input class="input narrow" id="temperature" inputmode="decimal" onInput=${number("temperature", Number)} /></label>
        </div></div></details>
      <div class="row">
        <button type="submit" class="button primary" disabled=${Boolean(asking) || !picked.length}>${asking ? "Asking..." : "Ask"}</button>
        ${asking && html`<button type="button" class="button" onClick=${() => stop.current.abort()}>Stop</button>`}
        <label class="switch"><input type="checkbox" role="switch" checked=${settings.stream} onChange=${(event) => change("stream", event.target.checked)} />Stream</label>
      </div>
    </form>
    <div class="answers">${routes.filter((route) => answers[route.id]).map((route) => html`<${Answer} key=${route.id} route=${route} answer=${answers[route.id]} />`)}</div>
  </div>`;
}
