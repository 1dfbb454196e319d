"""A .env file: keys under their usual names, settings of setup, our own file of keys; values are never told."""

from __future__ import annotations

from support.example_answers import SECRETS

from quickstart import secret_file
from quickstart.imports.dotenv import fits, read


def test_keys_and_settings_are_taken_and_other_names_told() -> None:
    found = read(
        "# keys\nOPENAI_API_KEY=sk-1 # mine\nexport ANTHROPIC_API_KEY='sk-2 # part'\nGROQ_API_KEY=\n"
        "AZURE_OPENAI_API_KEY=a\nAZURE_OPENAI_ENDPOINT=https://r.openai.azure.com\nAI_GATEWAY_PROXY_PORT=8010\n"
        "DATABASE_URL=postgres://user:canary@h/db\nAI_GATEWAY_TYPO=1\n",
        ".env",
    )
    assert found.environment == {
        "OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2 # part", "AZURE_OPENAI_API_KEY": "a",
        "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com", "AI_GATEWAY_PROXY_PORT": "8010",
    }  # fmt: skip
    (note,) = found.notes
    assert "DATABASE_URL, AI_GATEWAY_TYPO" in note.message and "canary" not in note.message + note.hint


def test_our_own_file_of_keys_gives_the_keys_back() -> None:
    found = read(secret_file.render(SECRETS), "secrets.env")
    assert found.environment["OPENAI_API_KEY"] == SECRETS["OPENAI_AUTH_HEADER"].removeprefix("Bearer ")
    assert found.environment["ANTHROPIC_API_KEY"] == SECRETS["ANTHROPIC_AUTH_HEADER"]
    assert "MYHOST_AUTH_HEADER" in found.notes[0].message, "whose address is not in the file"


def test_what_fits() -> None:
    assert fits("A=1\n# c\n\nexport B = 2") and not fits("") and not fits("A: 1") and not fits("A=1\nwords")
