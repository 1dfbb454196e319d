// What is limited, for whom, and how much was left when it was last seen. Not for: changing limits (a plugin's page).
import { html } from "../kit/html.js";
import { list, own } from "../kit/api.js";
import { Meter } from "../kit/chart.js";
import { ago, count, plural } from "../kit/format.js";
import { useEvery, useLoad } from "../kit/load.js";
import { Badge, Head, Loaded } from "../kit/parts.js";
import { link } from "../kit/place.js";
import { limits } from "../kit/relay.js";
import { Scope, namesOf } from "./plugins.js";

const EVERY = 4000;
const STRATEGIES = { total_tokens: "tokens", prompt_tokens: "prompt tokens", completion_tokens: "completion tokens", cost: "USD" };
const PERIODS = ["second", "minute", "hour", "day", "month", "year"];
const windowName = (seconds) => ({ 1: "second", 60: "minute", 3600: "hour", 86400: "day" })[seconds] ?? `${seconds} s`;

// [{ what, limit, per }] of a plugin's configuration.
function rules({ name, config }) {
  if (name === "ai-rate-limiting-advanced") {
    return (config.llm_providers ?? []).flatMap((entry) => entry.limit.map((limit, index) => ({
      what: entry.name, limit: `${count(limit)} ${STRATEGIES[config.tokens_count_strategy] ?? config.tokens_count_strategy}`, per: windowName(entry.window_size[index]),
    })));
  }
  return PERIODS.filter((period) => config[period] != null).map((period) => ({ what: "requests", limit: count(config[period]), per: period }));
}

const LIMITING = ["ai-rate-limiting-advanced", "rate-limiting"];
const by = ({ config }) => config.identifier ?? config.limit_by ?? "consumer";

// The latest word of each route and caller about its limits, newest first.
function seen(requests) {
  const found = new Map();
  for (const row of requests) {
    for (const one of limits(new Map(row.limits))) {
      const caller = row.consumer ?? row.client;
      const key = `${row.route} ${caller} ${one.name}`;
      if (!found.has(key)) found.set(key, { ...one, route: row.route, caller, at: row.ended, status: row.status });
    }
  }
  return [...found.values()];
}

export function Limits() {
  const load = useLoad(async () => {
    const [plugins, names, told] = await Promise.all([list("/plugins"), namesOf(), own("requests", {})]);
    return { plugins: plugins.filter((plugin) => LIMITING.includes(plugin.name)), names, now: told.now, seen: seen(told.requests) };
  }, []);
  useEvery(EVERY, load.reload);
  const actions = html`<a class="button primary" href=${`${link("plugins", "new")}?name=${LIMITING[0]}`}>New token limit</a><a class="button" href=${`${link("plugins", "new")}?name=${LIMITING[1]}`}>New request limit</a>`;
  return html`<${Head} title="Limits" actions=${actions}><p>How many tokens, how much money or how many requests callers may spend.</p></${Head}>
    <${Loaded} load=${load}>${({ plugins, names, now, seen: last }) => html`<div class="stack">
      ${!plugins.length && html`<div class="card empty"><p>Nothing is limited.</p></div>`}
      ${plugins.length > 0 && html`<div class="card flush scroll"><table class="table cards">
        <thead><tr><th scope="col">Limit</th><th scope="col">Applies to</th><th scope="col">Counted per</th><th scope="col">State</th></tr></thead>
        <tbody>${plugins.map((plugin) => html`<tr key=${plugin.id}>
          <td><a href=${link("plugins", plugin.id)}>${rules(plugin).map((rule) => `${rule.limit} per ${rule.per}${rule.what === "requests" ? " (requests)" : ` for ${rule.what}`}`).join("; ") || plugin.name}</a></td>
          <td data-label="Applies to" class="wrap"><span><${Scope} plugin=${plugin} names=${names} /></span></td>
          <td data-label="Counted per">${by(plugin)}</td>
          <td data-label="State"><${Badge} kind=${plugin.enabled ? "ok" : "none"}>${plugin.enabled ? "on" : "off"}</${Badge}></td>
        </tr>`)}</tbody></table></div>`}
      <h2>Last seen</h2>
      ${!last.length && html`<p class="soft">Once a limited route answers, what is left is shown here.</p>`}
      <div class="two">${last.map((one) => {
        const part = one.limit ? one.left / one.limit : 0;
        const kind = one.left <= 0 ? "bad" : part < 0.2 ? "warn" : "ok";
        return html`<section class="card stack" key=${`${one.route} ${one.caller} ${one.name}`} aria-label=${`${one.name}, ${one.caller}`}>
          <div class="row spread"><strong>${plural(one.left, one.unit.slice(0, -1))} of ${count(one.limit)} left</strong>${one.status === 429 && html`<${Badge} kind="warn">limited</${Badge}>`}</div>
          <${Meter} part=${part} kind=${kind} label=${`${Math.round(part * 100)} percent left`} />
          <p class="small soft">${one.name}; ${names.get(one.route) ?? one.route}; ${one.caller}; ${ago(one.at, now)}</p>
        </section>`;
      })}</div>
    </div>`}</${Loaded}>`;
}
