"""Answers that tests share: every kind of provider once."""

from __future__ import annotations

from pathlib import Path

from quickstart.answers import COMPATIBLE, Answers, Hosted, Local

HOSTED = (
    Hosted("openai", "gpt-6-luna"),
    Hosted("cohere", "command-r7b-12-2024"),
    Hosted("azure", "my-deployment", "", "https://myres.openai.azure.com", "my-deployment"),
    Hosted("anthropic", "claude-haiku-5-5"),
    Hosted("mistral", "mistral-small-latest"),
    Hosted("gemini", "gemini-3.5-flash-lite"),
    Hosted("groq", "openai/gpt-oss-20b"),
    Hosted(COMPATIBLE, "own model", "myhost", "https://llm.example.com/v1"),
)
LOCALS = (
    Local("mistral", "localhost:7999", "./models/mistral-7b.gguf", "llama.cpp"),
    Local("llama2", "http://localhost:11434", "llama2:latest", "ollama"),
    Local("lan", "http://192.168.1.5:8080/v1", "qwen", "vllm"),
)
SECRETS = {
    "OPENAI_AUTH_HEADER": "Bearer sk-canary-openai-000000009fQA",
    "COHERE_AUTH_HEADER": "Bearer canary-cohere",
    "AZURE_AUTH_HEADER": "canary-azure",
    "ANTHROPIC_AUTH_HEADER": "sk-ant-canary-anthropic-00007xAA",
    "MISTRAL_AUTH_HEADER": "Bearer canary-mistral",
    "GEMINI_AUTH_HEADER": "canary-gemini",
    "GROQ_AUTH_HEADER": "Bearer gsk_canary-groq",
    "MYHOST_AUTH_HEADER": "Bearer canary-myhost",
    "UNUSED_AUTH_HEADER": "Bearer canary-unused",
}
EVERYTHING = Answers(
    consent=True,
    hosted=HOSTED,
    local=LOCALS,
    builtin_model=True,
    runtime="process",
    output_dir=Path("/srv/out"),
    local_model_port=7998,
    secrets=SECRETS,
)
