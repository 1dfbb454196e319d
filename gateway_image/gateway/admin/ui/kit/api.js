// Asks the Admin API (./api/...) and the Manager's own endpoints (./manager/...), always at the page's own origin and by
// relative addresses, so that a remapped port, a tunnel or a path in front of them make no difference. Not for: requests
// through the proxy (relay.js).

export class ApiError extends Error {
  // `fields`: Kong's nested errors per field, {} when it is about none.
  constructor(status, body) {
    super(body?.message || (status ? `The gateway answered with status ${status}.` : "The gateway does not answer."));
    this.status = status;
    this.fields = body?.fields && typeof body.fields === "object" ? body.fields : {};
  }
}

async function ask(path, { method = "GET", body, headers = {}, signal } = {}) {
  const given = { Accept: "application/json", ...headers };
  if (body !== undefined) given["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers: given, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new ApiError(0);
  }
  const text = await answer.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = { message: text.slice(0, 200) };
  }
  if (!answer.ok) throw new ApiError(answer.status, value);
  return { value, tag: answer.headers.get("ETag") };
}

export const escaped = encodeURIComponent;

// One row or document with its ETag: { value, tag }.
export const read = (path, options) => ask(`api${path}`, options);
export const get = async (path, options) => (await read(path, options)).value;
export const send = async (method, path, body, tag) =>
  (await ask(`api${path}`, { method, body, headers: tag ? { "If-Match": tag } : {} })).value;
export const own = async (path, body, options = {}) =>
  (await ask(`manager/${path}`, body === undefined ? options : { ...options, method: "POST", body })).value;

// All rows of a collection. A list of many thousands comes page by page, and `most` bounds it.
export async function list(path, most = 20000) {
  const rows = [];
  let offset = null;
  do {
    const page = await get(`${path}?size=1000${offset ? `&offset=${escaped(offset)}` : ""}`);
    rows.push(...page.data);
    offset = page.next ? page.offset : null;
  } while (offset && rows.length < most);
  return rows;
}

const schemas = new Map();

// The schema of an entity, or of a plugin's row when `plugin` is its name. Asked once.
export function schemaOf(kind, plugin) {
  const key = `${kind}/${plugin ?? ""}`;
  if (!schemas.has(key)) {
    const asked = plugin === undefined ? get(`/schemas/${kind}`) : pluginSchema(plugin);
    asked.catch(() => schemas.delete(key));
    schemas.set(key, asked);
  }
  return schemas.get(key);
}

async function pluginSchema(name) {
  const [row, own] = await Promise.all([get("/schemas/plugins"), get(`/schemas/plugins/${escaped(name)}`)]);
  const better = new Map(own.fields.flatMap((field) => Object.entries(field)));
  const fields = row.fields.map((field) => {
    const [word] = Object.keys(field);
    return { [word]: better.get(word) ?? field[word] };
  });
  return { ...row, fields };
}
