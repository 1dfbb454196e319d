"""One request from inside a container to this machine, told as a line of JSON. It runs there as `python -I -c` of this
file's text, so it needs nothing but the standard library.

Not for: what the result means (inside.py).
"""

import http.client
import json
import socket
import sys


def tell(host: str, port: int, path: str, seconds: float) -> dict[str, object]:
    """{"outcome": "answered", "name", "refused", "timeout", "unreachable" or "broken", "address", "status", "models"};
    "models": whether the answer is a list of models, as OpenAI's or Ollama's dialect has it."""
    try:
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return {"outcome": "name", "address": ""}
    connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}", "Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(1 << 20)
    except ConnectionRefusedError:
        return {"outcome": "refused", "address": address}
    except TimeoutError:
        return {"outcome": "timeout", "address": address}
    except OSError:
        return {"outcome": "unreachable", "address": address}
    except http.client.HTTPException:
        return {"outcome": "broken", "address": address}
    finally:
        connection.close()
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    listed = isinstance(told, dict) and any(isinstance(told.get(name), list) for name in ("data", "models"))
    return {"outcome": "answered", "address": address, "status": answer.status, "models": listed}


if __name__ == "__main__":
    host, port, path, seconds = sys.argv[1:]
    sys.stdout.write(json.dumps(tell(host, int(port), path, float(seconds))) + "\n")
