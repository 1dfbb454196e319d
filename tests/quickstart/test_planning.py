"""Names, paths and upstreams are promises to users; here each is written out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.example_answers import EVERYTHING, HOSTED, LOCALS, SECRETS

from quickstart.answers import COMPATIBLE, Answers, Hosted, Local
from quickstart.errors import UsageError
from quickstart.plan import Plan, RoutePlan
from quickstart.planning import make_plan
from quickstart.reach.outward import settle


def plan_of(answers: Answers, engine: bool = False, closed: tuple[int, ...] = (), system: str = "Linux") -> Plan:
    return make_plan(answers, lambda: engine, lambda port: port in closed, system)


def routes(answers: Answers, **more: object) -> dict[str, RoutePlan]:
    return {route.name: route for route in plan_of(answers, **more).routes}  # type: ignore[arg-type]


EVERY_ROUTE = routes(EVERYTHING)


@pytest.mark.parametrize(
    ("name", "path", "provider", "upstream"),
    [
        ("openai-api_openai-chat", "/openai/chat", "openai", "https://api.openai.com:443/v1/chat/completions"),
        ("openai-api_openai-completions", "/openai/completions", "openai", "https://api.openai.com:443/v1/completions"),
        ("cohere-api_cohere-chat", "/cohere/chat", "cohere", "https://api.cohere.com:443/v2/chat"),
        ("azure-api_azure-chat", "/azure/chat", "azure",
         "https://myres.openai.azure.com:443/openai/deployments/my-deployment/chat/completions"),
        ("anthropic-api_anthropic-chat", "/anthropic/chat", "anthropic", "https://api.anthropic.com:443/v1/messages"),
        ("mistral-api_mistral-chat", "/mistral/chat", "mistral", "http://localhost:7999/v1/chat/completions"),
        ("llama2-api_llama2-chat", "/llama2/chat", "llama2", "http://localhost:11434/api/chat"),
        ("mistral-cloud-api_mistral-cloud-chat", "/mistral-cloud/chat", "mistral",
         "https://api.mistral.ai:443/v1/chat/completions"),
        ("groq-api_groq-chat", "/groq/chat", "openai", "https://api.groq.com:443/openai/v1/chat/completions"),
        ("myhost-api_myhost-chat", "/myhost/chat", "openai", "https://llm.example.com:443/v1/chat/completions"),
        ("lan-api_lan-chat", "/lan/chat", "openai", "http://192.168.1.5:8080/v1/chat/completions"),
        ("local-api_local-chat", "/local/chat", "openai", "http://127.0.0.1:7998/v1/chat/completions"),
    ],
)  # fmt: skip
def test_every_route_by_name(name: str, path: str, provider: str, upstream: str) -> None:
    route = EVERY_ROUTE[name]
    assert (route.path, route.provider, route.upstream_url) == (path, provider, upstream)


def test_only_openais_own_dialect_has_completions() -> None:
    found = {name for name, route in EVERY_ROUTE.items() if route.operation == "completions"}
    assert found == {"openai-api_openai-completions", "azure-api_azure-completions"}


def test_the_options_that_kong_requires() -> None:
    assert EVERY_ROUTE["openai-api_openai-chat"].options == {}
    assert EVERY_ROUTE["anthropic-api_anthropic-chat"].options == {"anthropic_version": "2023-06-01"}
    assert EVERY_ROUTE["azure-api_azure-chat"].options == {
        "azure_instance": "myres", "azure_deployment_id": "my-deployment", "azure_api_version": "2024-10-21",
    }  # fmt: skip
    assert EVERY_ROUTE["mistral-cloud-api_mistral-cloud-chat"].options == {"mistral_format": "openai"}
    local = EVERY_ROUTE["mistral-api_mistral-chat"]
    assert local.options == {"upstream_url": local.upstream_url, "mistral_format": "openai"}
    assert EVERY_ROUTE["llama2-api_llama2-chat"].options["llama2_format"] == "ollama"
    assert EVERY_ROUTE["groq-api_groq-chat"].options["upstream_url"].startswith("https://api.groq.com:443/")  # type: ignore[union-attr]


def test_credentials_by_reference_and_only_the_used_ones() -> None:
    plan = plan_of(EVERYTHING)
    assert set(plan.secrets) == set(SECRETS) - {"UNUSED_AUTH_HEADER"}
    assert EVERY_ROUTE["anthropic-api_anthropic-chat"].auth_header == "x-api-key"
    assert EVERY_ROUTE["gemini-api_gemini-chat"].auth_header == "x-goog-api-key"
    assert EVERY_ROUTE["mistral-api_mistral-chat"].secret == ""
    assert "canary" not in repr(plan)


def test_a_locked_local_server_has_a_credential() -> None:
    answers = Answers(local=LOCALS[:1], secrets={"LOCAL_MISTRAL_AUTH_HEADER": "Bearer k"})
    route = plan_of(answers).routes[0]
    assert (route.auth_header, route.secret) == ("Authorization", "LOCAL_MISTRAL_AUTH_HEADER")


def test_a_providers_endpoint_elsewhere_becomes_an_upstream_url() -> None:
    answers = Answers(hosted=(Hosted("openai", "m", "", "http://127.0.0.1:9000/v1"),), secrets=SECRETS)
    chat, completions = plan_of(answers).routes
    assert chat.options == {"upstream_url": "http://127.0.0.1:9000/v1/chat/completions"}
    assert completions.upstream_url == "http://127.0.0.1:9000/v1/completions"
    azure = Answers(hosted=(Hosted("azure", "d", "", "https://x.cognitiveservices.azure.com", "d"),))
    assert str(plan_of(azure).routes[0].options["upstream_url"]).startswith(
        "https://x.cognitiveservices.azure.com:443/"
    )


@pytest.mark.parametrize(
    ("said", "engine", "runtime"),
    [("auto", True, "docker"), ("auto", False, "process"), ("docker", False, "docker"), ("process", True, "process")],
)
def test_where_it_runs(said: str, engine: bool, runtime: str) -> None:
    plan = plan_of(Answers(hosted=HOSTED[:1], runtime=said), engine)
    assert plan.runtime == runtime
    assert bool(plan.because) == (said == "auto")


def test_the_engine_is_not_asked_where_it_does_not_matter() -> None:
    def fail() -> bool:
        raise AssertionError("asked")

    make_plan(Answers(hosted=HOSTED[:1], runtime="process"), fail)


def test_behind_a_bridge_this_machine_has_another_name() -> None:
    plan = plan_of(Answers(local=LOCALS, runtime="docker"))
    assert not plan.host_network
    assert plan.routes[0].upstream_url == "http://host.docker.internal:7999/v1/chat/completions"
    assert plan.routes[0].shown_upstream == "localhost:7999"
    assert plan.routes[2].upstream_url.startswith("http://192.168.1.5:8080/")


def test_a_server_on_loopback_only_makes_the_container_share_the_network() -> None:
    plan = plan_of(Answers(local=LOCALS, runtime="docker"), closed=(7999,))
    assert plan.host_network
    assert plan.because == (
        "localhost:7999 listens on loopback only, so the container shares this machine's network to reach it.",
    )
    assert plan.routes[0].upstream_url == "http://localhost:7999/v1/chat/completions"


@pytest.mark.parametrize("provider", ["openai", "compatible"])
def test_a_hosted_dialect_served_on_this_machine_is_reached_too(provider: str) -> None:
    kind = COMPATIBLE if provider == "compatible" else provider
    item = replace(HOSTED[0], provider=kind, endpoint="http://localhost:9999/v1")
    bridged = plan_of(Answers(hosted=(item,), runtime="docker"))
    assert bridged.routes[0].upstream_url == "http://host.docker.internal:9999/v1/chat/completions"
    assert bridged.routes[0].shown_upstream == "localhost:9999"
    shared = plan_of(Answers(hosted=(item,), runtime="docker"), closed=(9999,))
    assert shared.host_network
    assert shared.routes[0].upstream_url == "http://localhost:9999/v1/chat/completions"


def test_a_desktop_engine_reaches_loopback_by_itself() -> None:
    plan = plan_of(Answers(local=LOCALS, runtime="docker"), closed=(7999,), system="Darwin")
    assert not plan.host_network
    assert "host.docker.internal" in plan.routes[0].upstream_url


def test_the_builtin_model_is_on_loopback() -> None:
    plan = plan_of(Answers(builtin_model=True, runtime="docker"))
    assert plan.host_network and plan.local_model and plan.local_model_port == 7999
    assert [(route.name, route.model) for route in plan.routes] == [("local-api_local-chat", "smollm2-135m-instruct")]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers(), "nothing to set up"),
        (Answers(hosted=(Hosted("openai", "model"),)), "placeholder"),
        (Answers(hosted=(Hosted("nobody", "m"),)), "not a provider"),
        (Answers(hosted=(Hosted("azure", "d"),)), "endpoint is empty"),
        (Answers(hosted=(Hosted(COMPATIBLE, "m", "x", "ftp://x"),)), "http://"),
        (Answers(local=(Local("x", "", "m"),)), "empty"),
        (Answers(hosted=HOSTED[:1], admin_port=8000), "cannot both have port 8000"),
        (Answers(builtin_model=True, local_model_port=8000), "cannot both have port 8000"),
    ],
)
def test_what_cannot_become_a_gateway(answers: Answers, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan_of(answers)


def test_the_plain_answers_arrive() -> None:
    answers = replace(EVERYTHING, proxy_port=8010, bind="0.0.0.0", workers=2, base_image="x:1")
    plan = plan_of(answers)
    assert (plan.ports["proxy"], plan.bind, plan.workers, plan.base_image) == (8010, "0.0.0.0", 2, "x:1")
    assert plan.output_dir == Path("/srv/out")


def test_a_proxy_of_this_machine_is_reached_like_a_model_server_of_it() -> None:
    """By the name that this machine has in a container; one on loopback only makes the container share the network."""
    way = settle({"HTTPS_PROXY": "http://me:hunter2@localhost:3128"}, {}, "auto", "none", "system")

    def planned(*closed: int, **more: Any) -> Plan:
        answers = Answers(hosted=HOSTED[:1], **({"runtime": "docker"} | more))
        return make_plan(answers, lambda: True, lambda port: port in closed, "Linux", way)

    bridged, shared, plain = planned(), planned(3128), planned(runtime="process")
    assert bridged.forward_proxy == "host.docker.internal:3128" and bridged.no_proxy == "host.docker.internal"
    assert bridged.secrets["HTTPS_PROXY"] == "http://me:hunter2@host.docker.internal:3128"
    assert any("localhost:3128" in sentence for sentence in bridged.because)
    assert shared.host_network and not bridged.host_network
    for plan in (shared, plain):
        assert plan.forward_proxy == "localhost:3128" and plan.no_proxy == ""
        assert plan.secrets["HTTPS_PROXY"] == "http://me:hunter2@localhost:3128"
    assert "hunter2" not in repr([bridged, shared, plain])
    there = planned(control_plane="konnect")
    assert there.forward_proxy == "" and "HTTPS_PROXY" not in there.secrets, "its data plane is not ours"
