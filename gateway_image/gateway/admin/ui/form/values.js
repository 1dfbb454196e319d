// Values inside rows by path, what changed between two rows, and what to send for it. Pure. Not for: schemas.

export const at = (row, path) => path.reduce((inner, word) => inner?.[word], row);

// A copy of `row` in which `path` is `value`; records that are missing on the way are made.
export function put(row, path, value) {
  const [word, ...rest] = path;
  const base = Array.isArray(row) ? [...row] : { ...(row ?? {}) };
  base[word] = rest.length ? put(base[word], rest, value) : value;
  return base;
}

export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

// [{ path, field, names, before, after }] of the leaves whose values differ.
export function changes(leafList, before, after) {
  return leafList
    .map((leaf) => ({ ...leaf, before: at(before, leaf.path) ?? null, after: at(after, leaf.path) ?? null }))
    .filter((leaf) => !same(leaf.before, leaf.after));
}

// The body of a PATCH: only what changed. Lists and maps are replaced whole, records merge.
export const patch = (changed) => changed.reduce((body, { path, after }) => put(body, path, after), {});

// The body of a POST: without what is not set, so that the gateway's defaults stand.
export function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).map(([name, inner]) => [name, given(inner)])
    .filter(([, inner]) => inner != null && !(typeof inner === "object" && !Array.isArray(inner) && !Object.keys(inner).length));
  return Object.fromEntries(kept);
}

// Kong's nested errors as dotted path -> text; "@entity" is about the row as a whole.
export function flattened(errors, prefix = []) {
  const found = new Map();
  const add = (key, text) => found.set(key, found.has(key) ? `${found.get(key)}; ${text}` : text);
  for (const [name, value] of Object.entries(errors ?? {})) {
    const path = [...prefix, name];
    const key = path.join(".");
    if (typeof value === "string") add(key, value);
    else if (Array.isArray(value)) {
      value.forEach((item, index) => {
        if (typeof item === "string") add(key, name === "@entity" ? item : `item ${index + 1}: ${item}`);
        else if (item && typeof item === "object") for (const [inner, text] of flattened(item)) add(key, `item ${index + 1}, ${inner}: ${text}`);
      });
    } else if (value && typeof value === "object") {
      for (const [inner, text] of flattened(value, path)) add(inner, text);
    }
  }
  return found;
}
