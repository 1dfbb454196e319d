"""A stand-in for Kong's data plane, in a container of the official name: takes the documented variables, joins the
mock's cluster by mutual TLS, serves what it is configured with, and answers every chat by itself.

Standard library only: it is copied into a bare image. Not for: being a gateway.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

NODE = str(uuid.uuid4())
REFERENCE = re.compile(r"\{vault://env/([a-z0-9-]+)\}")
pause = threading.Event()
configuration: dict = {}
in_force = "0" * 32


def setting(name: str, default: str) -> tuple[str, int]:
    host, _, port = os.environ.get(name, default).split()[0].rpartition(":")
    return host.strip("[]"), int(port)


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(os.environ["KONG_CLUSTER_CERT_KEY"] + os.environ["KONG_CLUSTER_CERT"])
        file.flush()
        made.load_cert_chain(file.name)
    return made


def ping(connection: http.client.HTTPSConnection) -> None:
    global configuration, in_force
    query = {"node_id": NODE, "node_hostname": socket.gethostname(), "node_version": "3.15.0.0"}
    query["config_hash"] = in_force
    connection.request("GET", f"/v1/outlet?{urlencode(query)}")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise ConnectionError(f"the control plane answered {answer.status}")
    told = json.loads(body)
    configuration, in_force = told["config_table"], told["config_hash"]


def stay_in_touch() -> None:
    host, port = setting("KONG_CLUSTER_CONTROL_PLANE", "")
    while True:
        try:
            connection = http.client.HTTPSConnection(host, port, context=context(), timeout=30)
            while True:
                ping(connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            print(f"no way to the control plane: {error}", flush=True)
            pause.wait(0.2)


def credential(path: str) -> tuple[bool, str]:
    """Whether a route matches, and the reference to the credential that its plugin has, "" for none."""
    for route in configuration.get("routes", ()):
        if any(re.match(pattern.removeprefix("~"), path) for pattern in route["paths"]):
            plugin = next((p for p in configuration.get("plugins", ()) if p["route"]["id"] == route["id"]), {})
            return True, json.dumps(plugin.get("config", {}))
    providers = {provider["name"]: provider for provider in configuration.get("model-providers", ())}
    for model in configuration.get("models", ()):
        if any(path == f"{prefix}/chat/completions" for prefix in model["config"]["route"]["paths"]):
            return True, json.dumps(providers[model["targets"][0]["provider"]])
    return False, ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        print(f"{self.command} {self.path}", flush=True)

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Status(Handler):
    def do_GET(self) -> None:
        if self.path == "/environment":
            self.answer(200, dict(os.environ))
        elif self.path == "/status/ready":
            ready = bool(configuration)
            self.answer(200 if ready else 503, {"message": "ready" if ready else "no configuration available"})
        else:
            self.answer(404, {"message": "Not found"})


class Proxy(Handler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found, config = credential(self.path)
        missing = [name for name in REFERENCE.findall(config) if not os.environ.get(name.upper().replace("-", "_"))]
        if not found:
            self.answer(404, {"message": "no Route matched with those values", "request_id": "0"})
        elif missing:
            self.answer(401, {"error": {"message": f"no key: {missing}"}})
        else:
            said = {"role": "assistant", "content": "I stand in."}
            choice = {"index": 0, "message": said, "text": said["content"], "finish_reason": "stop"}
            self.answer(200, {"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 3}})


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    for role in ("KONG_ROLE", "KONG_CLUSTER_CERT", "KONG_CLUSTER_CERT_KEY", "KONG_CLUSTER_CONTROL_PLANE"):
        if not os.environ.get(role):
            raise SystemExit(f"{role} is not set")
    for name, default, kind in (
        ("KONG_PROXY_LISTEN", "0.0.0.0:8000", Proxy),
        ("KONG_STATUS_LISTEN", "0.0.0.0:8100", Status),
    ):
        server = ThreadingHTTPServer(setting(name, default), kind)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stay_in_touch()


main()
