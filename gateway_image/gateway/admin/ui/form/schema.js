// What a schema says about a form: its leaves, their labels, which of them matter first. Pure. Not for: drawing.
import { at } from "./values.js";

const WORDS = {
  acl: "ACL", api: "API", aws: "AWS", ca: "CA", cors: "CORS", gcp: "GCP", http: "HTTP", https: "HTTPS", id: "ID", ip: "IP", ips: "IPs",
  json: "JSON", llm: "LLM", sni: "SNI", snis: "SNIs", ssl: "SSL", tls: "TLS", ttl: "TTL", uri: "URI", url: "URL",
};

export function labelOf(name) {
  const words = name.split(/[_-]/).map((word) => WORDS[word.toLowerCase()] ?? word);
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const entries = (fields) => (fields ?? []).map((field) => Object.entries(field)[0]);
export const isRecord = (field) => field?.type === "record";
export const listed = (field) => field.type === "array" || field.type === "set";

// [{ path, field, names }] of everything that is no record, in the schema's order; what the gateway fills in is left out.
export function leaves(fields, prefix = [], names = []) {
  return entries(fields).flatMap(([name, field]) => {
    const path = [...prefix, name];
    const called = [...names, labelOf(name)];
    if (field.auto && field.uuid !== undefined && name === "id") return [];
    if (field.timestamp) return [];
    return isRecord(field) && field.fields ? leaves(field.fields, path, called) : [{ path, field, names: called }];
  });
}

// A row with the schema's defaults, for one that is to be made.
export function blank(fields) {
  const row = {};
  for (const [name, field] of entries(fields)) {
    if (field.default !== undefined) row[name] = structuredClone(field.default);
    else if (isRecord(field) && field.fields) row[name] = blank(field.fields);
    else if (field.required && listed(field) && isRecord(field.elements)) row[name] = [blank(field.elements.fields)];
    else row[name] = null;
  }
  return row;
}

const FIRST = {
  services: ["name", "protocol", "host", "port", "path"],
  routes: ["name", "service", "methods", "paths"],
  consumers: ["username", "custom_id"],
  keyauth_credentials: ["key", "consumer"],
  acls: ["group", "consumer"],
  upstreams: ["name", "algorithm"],
  targets: ["target", "weight", "upstream"],
  vaults: ["prefix", "name", "description", "config.prefix"],
  certificates: ["cert", "key", "snis"],
  snis: ["name", "certificate"],
  ca_certificates: ["cert"],
  "plugins/ai-proxy": [
    "config.model.provider", "config.model.name", "config.model.options.upstream_url",
    "config.auth.header_name", "config.auth.header_value",
  ],
};
const SCOPES = ["route", "service", "consumer"];

// Paths (dotted) of the fields that people come for. Known rows have their list; of others it is what must be given and
// what is set to something of its own. What the schema's rules demand in this very state comes in addition.
export function essentials(kind, schema, row, creating) {
  const known = FIRST[kind === "plugins" ? `plugins/${row.name}` : kind];
  const first = new Set(known ?? []);
  for (const { path, field } of leaves(schema.fields)) {
    const dotted = path.join(".");
    const value = at(row, path);
    if (known) break;
    const own = value != null && JSON.stringify(value) !== JSON.stringify(field.default);
    if ((field.required && field.default === undefined) || (own && !["name", ...SCOPES].includes(dotted))) first.add(dotted);
  }
  for (const demanded of demands(schema.fields, row)) first.add(demanded);
  if (creating && kind === "plugins") SCOPES.forEach((scope) => first.add(scope));
  return first;
}

const FEW = 6;
const OF_A_MODEL = ["model.provider", "model.name", "model.model_alias", "model.options.upstream_url", "auth.header_name", "auth.header_value"];

// The same for an item of a list: all of its fields where they are few.
export function firstOfItem(fields, item) {
  const all = leaves(fields).map((leaf) => ({ ...leaf, dotted: leaf.path.join(".") }));
  if (all.length <= FEW) return new Set(all.map((leaf) => leaf.dotted));
  const given = ({ path, field }) => at(item, path) != null && JSON.stringify(at(item, path)) !== JSON.stringify(field.default);
  const wanted = all.filter((leaf) => (leaf.field.required && leaf.field.default === undefined) || given(leaf)).map((leaf) => leaf.dotted);
  const known = OF_A_MODEL.filter((dotted) => all.some((leaf) => leaf.dotted === dotted));
  return new Set([...wanted.filter((dotted) => !known.includes(dotted)), ...known]);
}

// Fields that "if this is that, set one of these" rules ask for.
function demands(fields, row, prefix = []) {
  return entries(fields).flatMap(([name, field]) => {
    if (!isRecord(field)) return [];
    const path = [...prefix, name];
    const inner = at(row, path) ?? {};
    const asked = (field.entity_checks ?? []).flatMap((check) => {
      const rule = check.conditional_at_least_one_of;
      const allowed = rule?.if_match?.one_of;
      if (!allowed?.includes(at(inner, rule.if_field.split(".")))) return [];
      return rule.then_at_least_one_of.map((word) => [...path, word].join("."));
    });
    return [...asked, ...demands(field.fields, row, path)];
  });
}
