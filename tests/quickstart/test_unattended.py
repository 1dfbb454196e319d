"""`setup --yes`: every branch without a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.setup_parts import CANARY, World

from quickstart.answers import COMPATIBLE, Answers, Hosted, Local
from quickstart.discovery import Probed, Server
from quickstart.errors import KonnectError, UsageError
from quickstart.keycheck import KeyCheck
from quickstart.sources import Sources
from quickstart.unattended import Unattended, answers_without_asking

LLAMA = Server(7999, "llama.cpp", ("./models/mistral-7b.gguf",))
PROBED = {"http://localhost:7999": Probed("llama.cpp", ("./models/mistral-7b.gguf",))}


def settle(
    environment: dict[str, str] | None = None,
    world: World | None = None,
    saved: Answers | None = None,
    secrets: dict[str, str] | None = None,
    **flags: Any,
) -> Unattended:
    sources = Sources(flags, environment or {}, saved, secrets or {})
    return answers_without_asking(sources, (world or World()).eyes())


def test_a_fresh_machine_gets_the_builtin_model() -> None:
    answers = settle().answers
    assert (answers.builtin_model, answers.hosted, answers.local, answers.consent) == (True, (), (), True)


def test_a_key_in_the_environment_makes_a_provider() -> None:
    world = World({"openai": KeyCheck("ok", "ok", "key accepted", "", ("gpt-6.1-terra", "other"))})
    answers = settle({"OPENAI_API_KEY": CANARY}, world).answers
    assert answers.hosted == (Hosted("openai", "gpt-6.1-terra", "openai"),)
    assert answers.secrets == {"OPENAI_AUTH_HEADER": f"Bearer {CANARY}"}
    assert not answers.builtin_model
    assert world.asked == [("openai", f"Bearer {CANARY}", "")]


def test_two_variables_of_one_provider() -> None:
    assert settle({"CO_API_KEY": "k" * 20}).answers.hosted[0].provider == "cohere"


def test_a_server_that_listens_is_used() -> None:
    answers = settle(world=World(servers=[LLAMA])).answers
    assert answers.local == (Local("mistral", "http://localhost:7999", "./models/mistral-7b.gguf", "llama.cpp"),)
    assert not answers.builtin_model


def test_nothing_is_looked_for_when_that_is_said() -> None:
    assert settle(world=World(servers=[LLAMA]), discover=False).answers.local == ()


def test_a_server_without_a_model_is_told_and_left_out() -> None:
    settled = settle(world=World(servers=[Server(11434, "ollama", ()), Server(1, "other", (), locked=True)]))
    assert settled.answers.local == ()
    assert ["Ollama on port 11434" in note.message for note in settled.notes] == [True]


def test_local_servers_by_flag() -> None:
    given = ("mistral=localhost:7999", "mine=http://localhost:7999/v1#own")
    answers = settle(world=World(answers=PROBED), local=given).answers
    assert answers.local == (
        Local("mistral", "http://localhost:7999", "./models/mistral-7b.gguf", "llama.cpp"),
        Local("mine", "http://localhost:7999/v1", "own", "llama.cpp"),
    )


def test_a_silent_server_needs_its_model_said() -> None:
    with pytest.raises(UsageError, match="nothing answers") as refused:
        settle(local=("mistral=localhost:7999",))
    assert "#MODEL" in refused.value.hint
    assert settle(local=("mistral=localhost:7999#m",)).answers.local[0].model == "m"
    assert settle(local=("mistral=localhost:7999",), model=("mistral=x",)).answers.local[0].model == "x"


def test_a_compatible_service() -> None:
    settled = settle({"MY_HOST_API_KEY": CANARY}, compatible=("my-host=https://llm.example.com/v1#m",))
    assert settled.answers.hosted == (Hosted(COMPATIBLE, "m", "my-host", "https://llm.example.com:443/v1"),)
    assert settled.answers.secrets == {"MY_HOST_AUTH_HEADER": f"Bearer {CANARY}"}
    with pytest.raises(UsageError, match="model is missing"):
        settle(compatible=("my-host=https://llm.example.com/v1",))


def test_azure_needs_more_than_a_key() -> None:
    settled = settle({"AZURE_OPENAI_API_KEY": CANARY})
    assert settled.answers.hosted == () and settled.answers.builtin_model
    assert "no endpoint" in settled.notes[0].message and "--endpoint azure=" in settled.notes[0].hint
    environment = {"AZURE_OPENAI_API_KEY": CANARY, "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com/"}
    hosted = settle(environment, deployment=("azure=dep",)).answers.hosted
    assert hosted == (Hosted("azure", "dep", "azure", "https://res.openai.azure.com:443", "dep"),)


@pytest.mark.parametrize("verdict", ["bad", "warn", "unknown"])
def test_a_key_that_does_not_work_is_told_and_kept(verdict: Any) -> None:
    world = World({"openai": KeyCheck(verdict, "x", "what happened", "what to do")})
    settled = settle({"OPENAI_API_KEY": CANARY}, world)
    assert settled.notes == [("OpenAI: what happened", "what to do")]
    assert settled.answers.hosted[0].model


def test_no_check_when_that_is_said() -> None:
    world = World()
    settle({"OPENAI_API_KEY": CANARY}, world, check_keys=False)
    assert world.asked == []


SAVED = Answers(
    hosted=(Hosted("openai", "saved-model", "openai"), Hosted("mistral", "m", "mistral")),
    local=(Local("lan", "http://10.0.0.5:8080", "qwen", "vllm"),),
    proxy_port=8010,
)
SECRETS = {"OPENAI_AUTH_HEADER": f"Bearer {CANARY}", "MISTRAL_AUTH_HEADER": "Bearer other"}


def test_a_second_run_changes_nothing_and_asks_nobody() -> None:
    world = World(servers=[LLAMA])
    answers = settle(world=world, saved=SAVED, secrets=SECRETS).answers
    assert (answers.hosted, answers.local, answers.proxy_port) == (SAVED.hosted, SAVED.local, 8010)
    assert answers.secrets == SECRETS
    assert world.asked == []


def test_a_new_key_in_the_environment_replaces_the_saved_one() -> None:
    world = World()
    answers = settle({"OPENAI_API_KEY": "sk-new"}, world, SAVED, SECRETS).answers
    assert answers.secrets["OPENAI_AUTH_HEADER"] == "Bearer sk-new"
    assert answers.hosted[0].model == "saved-model"
    assert [asked[0] for asked in world.asked] == ["openai"]


def test_a_key_that_is_gone_is_told() -> None:
    settled = settle(saved=SAVED, secrets={"OPENAI_AUTH_HEADER": "Bearer x"})
    assert [item.provider for item in settled.answers.hosted] == ["openai"]
    assert any("Mistral" in note.message and "$MISTRAL_API_KEY" in note.hint for note in settled.notes)


def test_leaving_something_out() -> None:
    answers = settle({"OPENAI_API_KEY": CANARY}, saved=SAVED, secrets=SECRETS, skip=("openai", "lan")).answers
    assert [item.provider for item in answers.hosted] == ["mistral"]
    assert answers.local == ()


def test_the_builtin_model_stays_where_it_was_chosen() -> None:
    saved = Answers(builtin_model=True)
    assert settle(saved=saved).answers.builtin_model
    with_key = settle({"OPENAI_API_KEY": CANARY}, saved=saved).answers
    assert with_key.builtin_model and with_key.hosted


def test_without_anything_and_without_the_builtin_model_nothing_is_left() -> None:
    assert not settle({"AI_GATEWAY_BUILTIN_MODEL": "no"}).answers.builtin_model


def test_konnect_without_a_token_says_where_one_is_made() -> None:
    with pytest.raises(KonnectError) as refused:
        settle(control_plane="konnect")
    assert refused.value.exit_code == 6 and "KONNECT_TOKEN=" in refused.value.hint


def test_a_model_by_flag_and_a_misspelt_provider() -> None:
    assert settle({"OPENAI_API_KEY": CANARY}, model=("openai=own",)).answers.hosted[0].model == "own"
    with pytest.raises(UsageError, match="placeholder"):
        settle({"OPENAI_API_KEY": CANARY}, model=("openai=model",))
    with pytest.raises(UsageError, match="not a provider"):
        settle(model=("opnai=x",))


def test_a_local_key_comes_from_a_file_only(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k123")
    settled = settle({"MISTRAL_API_KEY": CANARY}, local=("mistral=localhost:7999#m",), key_file=(f"mine={file}",),
                     compatible=("mine=https://x.example/v1#m",))  # fmt: skip
    assert "LOCAL_MISTRAL_AUTH_HEADER" not in settled.answers.secrets
    assert settled.answers.secrets["MINE_AUTH_HEADER"] == "Bearer k123"
    assert {item.public for item in settled.answers.hosted} == {"mistral-cloud", "mine"}


def test_a_model_that_the_account_does_not_list_is_told() -> None:
    world = World({"openai": KeyCheck("ok", "ok", "key accepted", "", ("gpt-6-luna",))})
    settled = settle({"OPENAI_API_KEY": CANARY}, world, model=("openai=own-finetune",))
    assert settled.answers.hosted[0].model == "own-finetune"
    assert any("own-finetune is not in the list" in note.message for note in settled.notes)
    assert not settle({"OPENAI_API_KEY": CANARY}, world, model=("openai=gpt-6-luna",)).notes
