// One remembered request: what the client sent, what each plugin changed, what the provider got and said, and when.
// Not for: lists.
import { html, useState } from "../kit/html.js";
import { escaped, own } from "../kit/api.js";
import { shownBase } from "../kit/base.js";
import { bytes, count, duration, moment, money, plural } from "../kit/format.js";
import { useLoad } from "../kit/load.js";
import { Code, CopyButton, Head, Loaded } from "../kit/parts.js";
import { link } from "../kit/place.js";
import { limits, reason, whole } from "../kit/relay.js";
import { COVERED, again, curlOf, useRemembered, wish } from "../kit/remembered.js";
import { Timeline } from "../kit/timeline.js";
import { Outcome } from "../kit/trial.js";
import { say } from "../kit/voice.js";
import { Status } from "./requests.js";

const Headers = ({ headers, title }) => html`<details><summary>${plural(headers.length, "header")}<span class="hidden"> ${title}</span></summary>
  <dl class="facts mono lines">${headers.map(([name, value], index) => html`<dt key=${`n${index}`}>${name}</dt><dd key=${`v${index}`} class=${value === COVERED ? "soft" : ""}>${value}</dd>`)}</dl></details>`;

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const Body = ({ text, label }) => (text === undefined ? null : html`<${Code} text=${pretty(text)} label=${label} wrapped />`);

function Change({ change }) {
  const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return html`<li>
    <span class="name">${change.what}${change.path ? html` <code>${change.path}</code>` : ""}</span>
    <span>${"before" in change && html`<del><span class="hidden">was </span>${shown(change.before)}</del> `}${"after" in change ? html`<ins><span class="hidden">became </span>${shown(change.after)}</ins>` : html`<span class="soft">removed</span>`}</span>
  </li>`;
}

function Steps({ steps }) {
  const PHASES = { access: "on the way up", header_filter: "on the way down" };
  if (!steps.length) return html`<p class="soft">No plugin ran.</p>`;
  return html`<ol class="stack">${steps.map((step, index) => html`<li key=${index} class="step">
    <p class="row spread"><strong>${step.plugin}</strong><span class="small soft">${PHASES[step.phase]}, ${duration(step.took_ms)}</span></p>
    ${step.answered && html`<p>Answered ${step.answered} itself: the request went no further.</p>`}
    ${step.changes.length ? html`<ul class="diff">${step.changes.map((change, at) => html`<${Change} key=${at} change=${change} />`)}</ul>` : !step.answered && html`<p class="soft small">Changed nothing.</p>`}
  </li>`)}</ol>`;
}

function Sent({ sent, bodies }) {
  return html`<div class="stack">${sent.map((one, index) => html`<div class="stack" key=${index}>
    ${one.url && html`<p class="mono wrap">${one.method} ${one.url}</p><p class="small soft">after ${duration(one.ms)}, ${bytes(one.size)}</p><${Headers} headers=${one.headers} title="that the provider got" />`}
    ${one.asked && html`<p>A plugin asked <code>${one.asked}</code> <span class="small soft">after ${duration(one.ms)}</span></p>`}
    ${one.failed && html`<p class="note bad wrap">Failed after ${duration(one.ms)}: ${one.detail}</p>`}
  </div>`)}
  <${Body} text=${bodies.upstream} label="Body that the provider got" /></div>`;
}

const Section = ({ title, children }) => html`<section class="card stack" aria-label=${title}><h2>${title}</h2>${children}</section>`;

function Replay({ request, route }) {
  const [state, setState] = useState(null);
  const plan = again(request, route);
  const act = async () => {
    setState({ busy: true });
    try {
      const answer = await whole(plan);
      const ok = !answer.error && answer.status > 0 && answer.status < 400;
      const result = { ok, status: answer.status, ms: answer.ms, tokens: null, model: "", limits: limits(answer.headers), message: ok ? "" : answer.error?.detail ?? reason(answer.text, answer.status) };
      setState({ result, id: answer.headers.get("x-kong-request-id") });
      say(ok ? "Sent again: it was answered." : `Sent again: ${result.message}`);
    } catch (error) {
      setState({ result: { ok: false, status: 0, ms: null, limits: [], message: error.message } });
    }
  };
  const about = [plan.sample && plan.body !== null && "with the route's sample body, because this one's was not recorded", plan.missing.length && `without ${plan.missing.join(", ")}, whose values are not kept`].filter(Boolean).join("; ");
  return html`<div class="stack">
    <div class="row"><button type="button" class="button primary" onClick=${act} disabled=${state?.busy}>${state?.busy ? "Sending..." : "Replay"}</button>
      <span class="small soft">Sends it through the gateway again${about ? `, ${about}` : ""}.</span></div>
    ${state?.result && html`<${Outcome} result=${state.result} />`}
    ${state?.id && html`<p><a href=${link("requests", state.id)}>Look at the new request</a></p>`}
  </div>`;
}

export function RequestPage({ id }) {
  useRemembered({ ...wish, paused: false });
  const load = useLoad(async () => {
    const [request, about] = await Promise.all([own(`requests/${escaped(id)}`), own("about")]);
    const route = request.route ? await own(`routes/${escaped(request.route)}`).catch(() => null) : null;
    return { request, base: shownBase(about.proxy), route };
  }, [id]);
  return html`<${Loaded} load=${load}>${({ request, base, route }) => {
    const watched = request.watched;
    const bodies = watched?.bodies ?? {};
    const facts = {
      Route: route ? html`<a href=${link("routes", route.id)}>${route.name}</a>` : "none took it",
      Model: request.model && `${request.model} (${request.provider}${request.stream ? ", stream" : ""})`,
      Tokens: request.prompt_tokens != null && `${count(request.prompt_tokens)} in, ${count(request.completion_tokens)} out${request.estimated ? " (estimated: the provider did not say)" : ""}`,
      Cost: request.cost ? money(request.cost) : "",
      Caller: [request.consumer, request.client].filter(Boolean).join(" at "),
      Started: moment(request.started),
      Size: `${bytes(request.received)} in, ${bytes(request.sent)} out`,
      "Request ID": html`<span class="mono">${request.id}</span>`,
    };
    return html`<${Head} title=${`${request.method} ${request.target.split("?")[0]}`} crumbs=${html`<a href=${link("requests")}>Requests</a>`}><p class="row"><${Status} row=${request} /><span>${duration(request.ms)}</span></p></${Head}>
    <div class="stack">
      ${request.error && html`<p class="note bad wrap">${request.error}</p>`}
      ${!watched && html`<p class="note">Only the outline of this request is known: details are recorded while the page <a href=${link("requests")}>Requests</a> is open.</p>`}
      <div class="two">
        <section class="card" aria-label="Facts"><h2>Facts</h2><dl class="facts">${Object.entries(facts).filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name}:`}>${value}</dd>`)}</dl></section>
        <${Section} title="Timeline"><${Timeline} request=${request} /></${Section}>
      </div>
      <${Section} title="The client sent"><p class="mono wrap">${request.method} ${request.target}</p><${Headers} headers=${request.request_headers} title="that the client sent" /><${Body} text=${bodies.client} label="Body that the client sent" /></${Section}>
      ${watched && html`<${Section} title="Plugins"><${Steps} steps=${watched.steps} /></${Section}>
        ${watched.sent.length > 0 && html`<${Section} title="The provider got"><${Sent} sent=${watched.sent} bodies=${bodies} /></${Section}>`}
        ${watched.came && html`<${Section} title="The provider answered"><p>Status ${watched.came.status} <span class="small soft">after ${duration(watched.came.ms)}</span></p><${Headers} headers=${watched.came.headers} title="of the provider's answer" /><${Body} text=${bodies.came} label="Body of the provider's answer" /></${Section}>`}`}
      <${Section} title="The client got"><p>Status ${request.status || "none"}</p><${Headers} headers=${request.response_headers} title="of the answer" /><${Body} text=${bodies.answer} label="Body of the answer" /></${Section}>
      <${Section} title="Again"><${Replay} request=${request} route=${route} />
        <div class="stack"><${Code} text=${curlOf(base, again(request, route))} label="The request as a curl command" /><div><${CopyButton} text=${() => curlOf(base, again(request, route))} label="Copy as curl" what="the request" /></div></div></${Section}>
    </div>`;
  }}</${Loaded}>`;
}
