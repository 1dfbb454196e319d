"""llama.cpp's own server, and llama-cpp-python's: OpenAI's dialect on this machine. Source: both servers' documentation
and source, 2026-08.
"""

from __future__ import annotations

from gateway.providers._compatible import Local
from gateway.providers._diagnosis import Tell


class LlamaCpp(Local):
    name = "llamacpp"
    title = "llama.cpp"
    origin = "http://127.0.0.1:8080"
    required_options = {}
    tells = (Tell("loading model", "unavailable", (503,)),)
