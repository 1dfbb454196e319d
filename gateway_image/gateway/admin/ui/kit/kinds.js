// The kinds of rows that have pages: how they are called, where they are, what their lists show. What may be in a row is
// the schema's to say. Not for: drawing.
import { moment } from "./format.js";

const name = (row) => row.name || row.id;
const address = (row) => `${row.protocol}://${row.host}${row.port ? `:${row.port}` : ""}${row.path ?? ""}`;

export const KINDS = {
  routes: {
    one: "route", many: "Routes", path: "/routes", nameOf: name,
    about: "Which requests come in, and where each goes.",
  },
  services: {
    one: "service", many: "Services", path: "/services", nameOf: name,
    about: "The servers behind the routes. On a route with ai-proxy the plugin decides which server is called.",
    columns: { Address: address, Enabled: (row) => (row.enabled ? "yes" : "no"), Changed: (row) => moment(row.updated_at) },
    children: ["routes", "plugins"],
  },
  plugins: {
    one: "plugin", many: "Plugins", path: "/plugins", nameOf: (row) => row.instance_name || row.name,
    about: "What happens to requests and answers on their way.",
  },
  consumers: {
    one: "consumer", many: "Consumers", path: "/consumers", nameOf: (row) => row.username || row.custom_id || row.id,
    about: "Who calls the gateway: people and programs, with their keys and groups.",
    columns: { "Custom ID": (row) => row.custom_id ?? "", Tags: (row) => (row.tags ?? []).join(", "), Changed: (row) => moment(row.updated_at) },
    children: ["keyauth_credentials", "acls", "plugins"],
  },
  keyauth_credentials: {
    one: "key", many: "Keys", path: "/key-auths", nested: "key-auth", nameOf: (row) => `Key ending in ${row.key.slice(-4)}`,
    about: "The keys that the key-auth plugin lets in.",
    columns: { Consumer: (row) => row.consumer?.id ?? "" },
  },
  acls: {
    one: "group", many: "Groups", path: "/acls", nested: "acls", nameOf: (row) => row.group,
    about: "The groups that the acl plugin knows consumers by.",
    columns: { Consumer: (row) => row.consumer?.id ?? "" },
  },
  upstreams: {
    one: "upstream", many: "Upstreams", path: "/upstreams", nameOf: name,
    about: "Several servers under one name, between which requests are shared.",
    columns: { Algorithm: (row) => row.algorithm, Changed: (row) => moment(row.updated_at) },
    children: ["targets"],
  },
  targets: {
    one: "target", many: "Targets", path: "/targets", nested: "targets", nameOf: (row) => row.target,
    about: "The servers of an upstream.", columns: { Weight: (row) => row.weight },
  },
  vaults: {
    one: "vault", many: "Vaults", path: "/vaults", nameOf: (row) => row.prefix,
    about: "Where references to secrets lead.", columns: { Kind: (row) => row.name, Description: (row) => row.description ?? "" },
  },
  certificates: {
    one: "certificate", many: "Certificates", path: "/certificates", nameOf: (row) => (row.snis ?? []).join(", ") || row.id,
    about: "What the gateway shows to clients that speak TLS.", columns: { Changed: (row) => moment(row.updated_at) },
  },
  snis: {
    one: "server name", many: "Server names", path: "/snis", nameOf: name,
    about: "Which certificate a host name gets.", columns: { Certificate: (row) => row.certificate?.id ?? "" },
  },
  ca_certificates: {
    one: "CA certificate", many: "CA certificates", path: "/ca_certificates", nameOf: (row) => row.cert_digest?.slice(0, 16) ?? row.id,
    about: "Whom the gateway trusts when it calls a service by TLS.", columns: { Changed: (row) => moment(row.updated_at) },
  },
};

export const NAVIGATION = [
  ["", ["overview", "playground", "requests", "limits"]],
  ["Configuration", ["routes", "services", "plugins", "consumers"]],
  ["More", ["upstreams", "vaults", "certificates", "snis", "ca_certificates"]],
];

// A row's kind under another row: "/consumers/ID/key-auth".
export const below = (kind, id, child) => `${KINDS[kind].path}/${encodeURIComponent(id)}/${KINDS[child].nested ?? child}`;
