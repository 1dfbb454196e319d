// The Dev Portal: what routes and models there are, how to call them, and a place to try. Not for: what is behind a route,
// which its callers need not know.
import { html, render, useState } from "./kit/html.js";
import { duration } from "./kit/format.js";
import { useLoad } from "./kit/load.js";
import { Code, CopyButton, Head, Loaded, Tabs } from "./kit/parts.js";
import { relayAt, reason, through } from "./kit/relay.js";
import { THEMES, apply, setTheme, theme } from "./kit/theme.js";
import { Voice, say } from "./kit/voice.js";
import { streamReader } from "./kit/words.js";

const MOST = 100;
relayAt("try");

async function load() {
  const answer = await fetch("routes.json", { headers: { Accept: "application/json" } }).catch(() => null);
  const value = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Error(value?.message ?? "The gateway does not answer.");
  return value;
}

function Try({ route }) {
  const [body, setBody] = useState(route.body ? JSON.stringify(route.body, null, 2) : "");
  const [key, setKey] = useState("");
  const [state, setState] = useState(null);
  const id = `try-${route.id}`;
  const act = async (event) => {
    event.preventDefault();
    const found = { status: 0, text: "", words: "", ms: null };
    const read = streamReader();
    let streamed = false;
    const show = () => setState({ ...found, busy: true });
    show();
    try {
      await through({ route: route.id, body: body.trim() ? body : null, key }, (told) => {
        if (told.head) {
          found.status = told.head.status;
          streamed = (new Map(told.head.headers).get("content-type") ?? "").startsWith("text/event-stream");
        }
        if (told.data) {
          found.text += told.data;
          if (streamed) found.words += read(told.data).text;
        }
        if (told.end) found.ms = told.end.ms;
        if (told.error) { found.error = told.error.detail; found.ms = told.error.ms; }
        show();
      });
    } catch (error) {
      found.error = error.message;
    }
    if (found.status >= 400) found.error = reason(found.text, found.status);
    setState({ ...found });
    say(found.error ? `It failed: ${found.error}` : `It answered with status ${found.status}.`);
  };
  const shown = state && (state.words || pretty(state.text));
  return html`<form class="stack" onSubmit=${act}>
    ${route.key_header && html`<div class="box"><label class="label" for=${`${id}-key`}>${route.key_header}</label><input class="input" type="password" autocomplete="off" id=${`${id}-key`} value=${key} onInput=${(event) => setKey(event.target.value)} /></div>`}
    ${route.method !== "GET" && html`<div class="box"><label class="label" for=${`${id}-body`}>Body</label><textarea class="area" rows="7" spellcheck=${false} id=${`${id}-body`} value=${body} onInput=${(event) => setBody(event.target.value)}></textarea></div>`}
    <div class="row"><button class="button primary" type="submit" disabled=${state?.busy}>${state?.busy ? "Asking..." : "Send"}<span class="hidden"> to ${route.name}</span></button>
      ${state && !state.busy && html`<span class="soft small">${state.status ? `status ${state.status}` : "no answer"}, ${duration(state.ms)}</span>`}</div>
    ${state?.error && html`<p class="note bad wrap">${state.error}</p>`}
    ${shown && html`<${Code} text=${shown} label=${`Answer of ${route.name}`} wrapped />`}
  </form>`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Entry({ route, open }) {
  const facts = {
    Path: `${route.methods.join(", ") || "any method"} ${route.paths.join(", ") || "any path"}`,
    Host: route.hosts.join(", "),
    Headers: Object.entries(route.headers).map(([name, value]) => `${name}: ${value}`).join(", "),
    Provider: route.title,
    Models: route.ai ? route.models.map((model) => model.name && model.name !== model.asked ? `${model.asked} (${model.name})` : model.name || "the one that the request names").join(", ") : "",
    Key: route.key_header ? `in the header ${route.key_header}; ask whoever runs this gateway for one` : "",
  };
  const tabs = Object.fromEntries(Object.entries(route.snippets).map(([name, text]) => [name, () => html`<div class="stack"><${Code} text=${text} label=${`${route.name} with ${name}`} /><div><${CopyButton} text=${text} what=${name} /></div></div>`]));
  if (route.path) tabs["Try it"] = () => html`<${Try} route=${route} />`;
  return html`<details class="card entry" open=${open} id=${route.name}>
    <summary><h2>${route.name}</h2><span class="soft">${[route.title, route.model].filter(Boolean).join(", ")}</span><span class="mono way wrap">${route.method} ${route.path || route.paths.join(", ")}</span></summary>
    <div class="stack"><dl class="facts">${Object.entries(facts).filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name}:`}>${value}</dd>`)}</dl>
    <${Tabs} tabs=${tabs} label=${`How to call ${route.name}`} /></div>
  </details>`;
}

function App() {
  const [chosen, setChosen] = useState(theme());
  const [filter, setFilter] = useState("");
  const told = useLoad(load, []);
  const fits = (route) => [route.name, route.title, route.model, ...route.paths].join(" ").toLowerCase().includes(filter.trim().toLowerCase());
  return html`<header class="top"><div><a class="brand" href="./"><img src="mark.svg" alt="" /><span>AI Gateway<span class="small">Developer Portal</span></span></a>
      <span class="row small"><label class="soft" for="theme">Colours</label><select class="select auto" id="theme" value=${chosen} onChange=${(event) => { setChosen(event.target.value); setTheme(event.target.value); }}>
        ${Object.entries(THEMES).map(([name, text]) => html`<option key=${name} value=${name}>${text}</option>`)}</select></span></div></header>
    <main class="portal"><${Loaded} load=${told}>${({ base, files, routes }) => {
      const found = routes.filter(fits);
      return html`<${Head} title="What answers here"><p class="row">Routes answer at <code>${base}</code> <${CopyButton} text=${base} what="the address" /></p>
          ${files && html`<p>For programs: <a href=${`${files}/files/openapi.json`}>openapi.json</a>, <a href=${`${files}/files/openapi.yaml`}>openapi.yaml</a> (OpenAPI 3.1), <a href=${`${files}/files/routes.md`}>routes.md</a>.</p>`}</${Head}>
        <div class="stack">
          ${routes.length > 5 && html`<input class="input narrow" type="search" aria-label="Filter routes" placeholder="Filter" value=${filter} onInput=${(event) => setFilter(event.target.value)} />`}
          ${!routes.length && html`<p class="card empty">There are no routes yet.</p>`}
          ${found.slice(0, MOST).map((route, index) => html`<${Entry} key=${route.id} route=${route} open=${index === 0 && found.length <= 20} />`)}
          ${found.length > MOST && html`<p class="soft">${MOST} of ${found.length} are shown: type a filter to see others.</p>`}
          ${routes.length > 0 && !found.length && html`<p class="soft" role="status">None fits the filter.</p>`}
        </div>`;
    }}</${Loaded}></main><${Voice} />`;
}

apply();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
