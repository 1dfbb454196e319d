"""The nginx of a measurement: what answers as a provider, what only passes on (the limit), and what does the same JSON
work in Lua. Not for: the gateway.
"""

from __future__ import annotations

import json
from pathlib import Path

_MODULES = Path("/usr/lib/nginx/modules")
_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
EVENTS = 60
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1732200000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "The capital of France is Paris. " * 8, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 24, "completion_tokens": 53, "total_tokens": 77},
    },
    separators=(",", ":"),
)


def has_lua() -> bool:
    return (_MODULES / "ngx_http_lua_module.so").exists()


def _delta(text: str) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    event = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"


def chat_events() -> list[str]:
    """An OpenAI stream of EVENTS events, with usage."""
    last = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    last["usage"] = {"prompt_tokens": 24, "completion_tokens": 58, "total_tokens": 82}
    events = [_delta(f"word{number} ") for number in range(EVENTS - 2)]
    return [*events, f"data: {json.dumps(last, separators=(',', ':'))}\n\n", "data: [DONE]\n\n"]


def message_events() -> list[str]:
    """The same as an Anthropic stream."""

    def event(name: str, **members: object) -> str:
        return f"event: {name}\ndata: {json.dumps({'type': name, **members}, separators=(',', ':'))}\n\n"

    usage = {"input_tokens": 24, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": usage}
    block = {"type": "text", "text": ""}
    words = [
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": f"word{number} "})
        for number in range(EVENTS - 5)
    ]
    return [
        event("message_start", message=message),
        event("content_block_start", index=0, content_block=block),
        *words,
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 58}),
        event("message_stop"),
    ]


def _lua_stream(events: list[str]) -> str:
    """Every event flushed on its own, as a model says its words."""
    texts = ",".join(f"[==[{event}]==]" for event in events)
    return (
        "default_type text/event-stream; content_by_lua_block { ngx.req.read_body() "
        f"local events = {{{texts}}} for _, event in ipairs(events) do ngx.print(event) ngx.flush(true) end }}"
    )


def _conf(folder: Path, servers: str, upstreams: str, modules: tuple[str, ...] = ()) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    places = "".join(f"{name}_temp_path {folder}/{name};" for name in _PATHS)
    loaded = "".join(f"load_module {_MODULES}/{name}.so;\n" for name in modules)
    (folder / "nginx.conf").write_text(
        f"{loaded}daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; {places} keepalive_requests 100000000; keepalive_timeout 3600s;\n"
        "client_body_buffer_size 1m; client_max_body_size 8m; default_type application/json;\n"
        f"{upstreams}\n{servers} }}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


def provider(folder: Path, port: int, tls_port: int, certificate: Path, key: Path) -> list[str]:
    """What answers: /v1/chat/completions whole, /stream and /messages flushed event by event; the same with TLS."""
    # escapes would be variables to nginx: the answer has none
    places = f"location / {{ return 200 '{ANSWER}'; }}\n"
    if has_lua():
        places += f"location /stream {{ {_lua_stream(chat_events())} }}\n"
        places += f"location /messages {{ {_lua_stream(message_events())} }}\n"
    tls = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    servers = f"server {{ listen 127.0.0.1:{port}; {places} }}\n"
    servers += f"server {{ listen 127.0.0.1:{tls_port} ssl; {tls} {places} }}\n"
    return _conf(folder, servers, "", _lua_modules())


def limit(folder: Path, port: int, provider_port: int, provider_tls_port: int) -> list[str]:
    """What only passes on: /tls/... to the provider's TLS port, everything else in clear; /gzip/... packs answers."""
    kept = "keepalive 128; keepalive_requests 100000000;"
    upstreams = f"upstream plain {{ server 127.0.0.1:{provider_port}; {kept} }}\n"
    upstreams += f"upstream tls {{ server 127.0.0.1:{provider_tls_port}; {kept} }}\n"
    passing = "proxy_http_version 1.1; proxy_set_header Connection '';"
    places = f"location / {{ proxy_pass http://plain; {passing} }}\n"
    places += f"location /stream {{ proxy_pass http://plain; {passing} proxy_buffering off; }}\n"
    places += f"location /tls {{ proxy_pass https://tls/; {passing} }}\n"
    packing = "gzip on; gzip_proxied any; gzip_comp_level 1; gzip_min_length 1; gzip_types application/json;"
    places += f"location /gzip {{ proxy_pass http://plain/; {passing} {packing} }}\n"
    return _conf(folder, f"server {{ listen 127.0.0.1:{port}; {places} }}", upstreams)


_LUA_WORK = """
access_by_lua_block {
  ngx.req.read_body()
  local body = cjson.decode(ngx.req.get_body_data())
  if type(body.messages) ~= "table" then return ngx.exit(400) end
  body.model = "gpt-4o-mini"
  ngx.req.set_body_data(cjson.encode(body))
  ngx.req.set_header("Authorization", "Bearer sk-x")
  ngx.req.set_header("X-Kong-Request-Id", ngx.var.request_id)
}
header_filter_by_lua_block { ngx.header["X-Kong-Request-Id"] = ngx.var.request_id }
body_filter_by_lua_block {
  local held = (ngx.ctx.held or "") .. ngx.arg[1]
  ngx.ctx.held = held
  if ngx.arg[2] and #held > 0 then
    local usage = cjson.decode(held).usage
    local counts = ngx.shared.counts
    counts:incr("prompt", usage.prompt_tokens, 0)
    counts:incr("completion", usage.completion_tokens, 0)
  end
}
"""


def lua_gateway(folder: Path, port: int, provider_port: int) -> list[str]:
    """nginx with Lua that reads the request, sets the model, and counts the answer's usage; its log is on."""
    upstreams = (
        f"upstream plain {{ server 127.0.0.1:{provider_port}; keepalive 128; keepalive_requests 100000000; }}\n"
        "lua_shared_dict counts 1m; init_by_lua_block { cjson = require 'cjson' }\n"
    )
    server = (
        f"server {{ listen 127.0.0.1:{port}; access_log {folder}/access.log combined buffer=64k;\n"
        f"location / {{ {_LUA_WORK} proxy_pass http://plain/v1/chat/completions; proxy_http_version 1.1;\n"
        "proxy_set_header Connection ''; } }"
    )
    return _conf(folder, server, upstreams, _lua_modules())


def _lua_modules() -> tuple[str, ...]:
    return ("ndk_http_module", "ngx_http_lua_module") if has_lua() else ()
