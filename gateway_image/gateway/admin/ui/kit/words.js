// The text of an answer, whole or streamed, in the dialects that routes speak. Pure. Not for: asking (relay.js).
import { parsed } from "./relay.js";

// What one event of a stream adds: { text, usage }.
function eventOf(event) {
  const choice = event.choices?.[0];
  const text = choice?.delta?.content ?? choice?.text ?? (event.type === "content_block_delta" ? event.delta?.text : null)
    ?? (event.type === "response.output_text.delta" ? event.delta : null) ?? "";
  const usage = event.usage ?? event.message?.usage ?? event.response?.usage ?? null;
  return { text: typeof text === "string" ? text : "", usage, error: event.error?.message ?? "" };
}

// Reads a stream piece by piece: feed(text) gives what was added.
export function streamReader() {
  let rest = "";
  return (piece) => {
    rest += piece;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop();
    const added = { text: "", usage: null, error: "" };
    for (const line of lines) {
      const event = line.startsWith("data:") ? parsed(line.slice(5)) : null;
      if (!event) continue;
      const { text, usage, error } = eventOf(event);
      added.text += text;
      added.usage = usage ? { ...added.usage, ...usage } : added.usage;
      added.error ||= error;
    }
    return added;
  };
}

// The text of a whole answer, "" when it has none.
export function textOf(body) {
  const choice = body?.choices?.[0];
  const parts = Array.isArray(body?.content) ? body.content.map((part) => part.text ?? "").join("") : "";
  const output = Array.isArray(body?.output) ? body.output.flatMap((item) => item.content ?? []).map((part) => part.text ?? "").join("") : "";
  return choice?.message?.content ?? choice?.text ?? (parts || output);
}

// { prompt, completion } out of any dialect's usage, null where it does not say.
export function tokensOf(usage) {
  if (!usage) return null;
  const prompt = usage.prompt_tokens ?? usage.input_tokens ?? 0;
  return { prompt, completion: usage.completion_tokens ?? usage.output_tokens ?? 0 };
}
