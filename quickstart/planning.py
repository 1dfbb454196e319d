"""Answers -> Plan: names, paths, upstream URLs, ports, and where the gateway runs. Pure: what must be asked of the
machine comes in as functions. Not for: rendering (render.py), checking whether it can be carried out (preflight.py).
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from gateway.providers import providers
from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS, Call, Provider, ProviderError
from gateway.settings.proxies import PROXY
from quickstart import discovery, endpoints, messages, model_choice
from quickstart.answers import COMPATIBLE, LOCAL_TITLES, Answers, Hosted, Local
from quickstart.errors import UsageError
from quickstart.konnect.account import AUTO, TOKEN
from quickstart.konnect.products import product_of
from quickstart.naming import BUILTIN, family_of, named
from quickstart.plan import KonnectPlan, Plan, RoutePlan, Runtime
from quickstart.reach.outward import Outward

BUILTIN_MODEL = "smollm2-135m-instruct"
OPERATIONS = {CHAT: "chat", COMPLETIONS: "completions"}


def make_plan(
    answers: Answers,
    engine: Callable[[], bool],
    loopback_only: Callable[[int], bool] = discovery.listens_on_loopback_only,
    system: str | None = None,
    outward: Outward = Outward(),
) -> Plan:
    """What setup is going to make. `engine` tells whether a container engine answers (asked only where it matters),
    `loopback_only` whether a port of this machine is out of a container's reach, `system` is platform.system(),
    `outward` the way to providers.

    Raises UsageError for answers that cannot become a gateway.
    """
    answers = named(answers, providers())
    if not (answers.hosted or answers.local or answers.builtin_model):
        raise UsageError(messages.text("nothing_chosen"), messages.text("nothing_chosen_hint"))
    _distinct_ports(answers)
    runtime, because = _runtime(answers, engine)
    host_network = False
    if runtime != "process" and (system or platform.system()) == "Linux":
        closed = _out_of_reach(answers, loopback_only, outward)
        host_network = bool(closed)
        because += [messages.text("because.host_network", server=shown) for shown in closed]
    bridged = runtime != "process" and not host_network
    routes: list[RoutePlan] = []
    for hosted in answers.hosted:
        routes += _hosted_routes(hosted, answers, bridged)
    for local in answers.local:
        routes.append(_local_route(local, answers, bridged))
    if answers.builtin_model:
        routes.append(_builtin_route(answers, bridged))
    konnect = _konnect(answers) if runtime == "konnect" else None
    if konnect is not None and konnect.product == "ai-gateway":
        routes = [replace(route, served_at=f"/{route.public}/chat/completions") for route in routes if _chats(route)]
    used = {route.secret for route in routes} - {""}
    if konnect is not None:
        used.add(TOKEN)
    proxy, no_proxy = outward.from_gateway(bridged) if konnect is None else (None, "")
    if proxy is not None and outward.proxy is not None and proxy.host != outward.proxy.host:
        because.append(messages.text("because.forward_proxy", proxy=outward.proxy.shown, inside=proxy.shown))
    return Plan(
        routes=tuple(routes),
        runtime=runtime,
        host_network=host_network,
        because=tuple(because),
        bind=answers.bind,
        ports=answers.ports,
        output_dir=answers.output_dir,
        secrets={name: value for name, value in answers.secrets.items() if name in used}
        | ({PROXY: proxy.url} if proxy is not None else {}),
        local_model=answers.builtin_model,
        local_model_port=answers.local_model_port,
        base_image=answers.base_image,
        workers=answers.workers,
        forward_proxy=proxy.shown if proxy is not None else "",
        no_proxy=no_proxy,
        ca_file=outward.ca_file if konnect is None else "",
        ca_sum=outward.ca_sum if konnect is None else "",
        konnect=konnect,
    )


def _chats(route: RoutePlan) -> bool:
    return route.operation == OPERATIONS[CHAT]


def _konnect(answers: Answers) -> KonnectPlan:
    image = answers.konnect_image
    return KonnectPlan(
        answers.konnect_control_plane,
        answers.konnect_region,
        answers.konnect_product,
        product_of(answers.konnect_product).image if image == AUTO else image,
    )


def _runtime(answers: Answers, engine: Callable[[], bool]) -> tuple[Runtime, list[str]]:
    if answers.control_plane == "konnect":
        return "konnect", [messages.text("konnect.because")]
    if answers.runtime == "docker":
        return "docker", []
    if answers.runtime == "process":
        return "process", []
    if engine():
        return "docker", [messages.text("because.docker")]
    return "process", [messages.text("because.process")]


def _out_of_reach(answers: Answers, loopback_only: Callable[[int], bool], outward: Outward) -> list[str]:
    """Servers of this machine that a container on Docker's bridge cannot reach, as the person typed them."""
    closed = [f"localhost:{answers.local_model_port}"] if answers.builtin_model else []
    urls = [(item.url, item.public) for item in answers.local]
    urls += [(item.endpoint, item.public) for item in answers.hosted if item.endpoint]
    for url, public in urls:
        address = endpoints.parse(url, public)
        if endpoints.is_this_machine(address.host) and loopback_only(address.port):
            closed.append(address.authority)
    proxy = outward.proxy if answers.control_plane == "local" else None
    if proxy is not None and endpoints.is_this_machine(proxy.host) and loopback_only(proxy.port):
        closed.append(proxy.shown)
    return closed


def _distinct_ports(answers: Answers) -> None:
    ports = dict(answers.ports)
    if answers.builtin_model:
        ports["built-in model"] = answers.local_model_port
    owners: dict[int, str] = {}
    for name, port in ports.items():
        if port in owners:
            raise UsageError(
                f"The {owners[port]} and the {name} cannot both have port {port}.", "Give one of them another port."
            )
        owners[port] = name


def _hosted_routes(item: Hosted, answers: Answers, bridged: bool) -> list[RoutePlan]:
    compatible = item.provider == COMPATIBLE
    provider = providers().get("openai" if compatible else item.provider)
    if provider is None:
        raise UsageError(f"{item.provider!r} is not a provider.", f"Known: {', '.join(providers())}")
    model = model_choice.checked(item.model, item.public)
    secret = item.secret if answers.secrets.get(item.secret) else ""
    rendered = provider.kong_name or provider.name
    operations = [CHAT]
    own_dialect = COMPLETIONS in provider.paths and provider.passes(Call(COMPLETIONS, model))
    if own_dialect and not provider.kong_name and not compatible:
        operations.append(COMPLETIONS)
    routes = []
    for operation in operations:
        options = _required_options(provider, item)
        if compatible:
            address = endpoints.parse(item.endpoint, item.public)
            url = address.url(endpoints.chat_path(address.path))
        else:
            url = _provider_url(provider, operation, model, options)
            if item.endpoint and not _is_own_host(provider, item):
                url = endpoints.moved(url, endpoints.parse(item.endpoint, item.public))
        shown = endpoints.parse(url.partition("?")[0]).authority
        address = endpoints.parse(url)
        if endpoints.is_this_machine(address.host):
            url = endpoints.as_seen_by_gateway(address, bridged).url(address.path)
        own = not compatible and not provider.kong_name and (not item.endpoint or _is_own_host(provider, item))
        routes.append(
            RoutePlan(
                name=f"{item.public}-api_{item.public}-{OPERATIONS[operation]}",
                service=f"{item.public}-api",
                public=item.public,
                operation=OPERATIONS[operation],
                provider=rendered,
                title=item.public if compatible else provider.title,
                model=model,
                upstream_url=url,
                shown_upstream=shown,
                options=options if own else {"upstream_url": url, **options},
                auth_header=provider.auth_header if secret else "",
                secret=secret,
                embeddings_url=_embeddings_url(url) if compatible or _embeds(provider) else "",
            )
        )
    return routes


def _embeds(provider: Provider) -> bool:
    """Whether a provider makes embeddings where it chats; at Azure they are another deployment's."""
    return EMBEDDINGS in provider.paths and not needs_endpoint(provider)


def _embeddings_url(chat_url: str) -> str:
    """The same server's embeddings; "" where its chats are not OpenAI's."""
    base = chat_url.removesuffix("/chat/completions")
    return f"{base}/embeddings" if base != chat_url else ""


def _required_options(provider: Provider, item: Hosted) -> dict[str, str | int | float]:
    """The options Kong's schema requires of this provider, from what was answered and from the provider's own facts."""
    options: dict[str, str | int | float] = {}
    headers = dict(provider.headers(Call(CHAT, item.model)))
    for option in provider.required_options:
        if value := headers.get(option.replace("_", "-")):  # anthropic_version
            options[option] = value
        elif option.endswith("_format"):  # of a model that can also be served locally; its maker speaks OpenAI's
            options[option] = "openai"
    if needs_endpoint(provider):
        address = endpoints.parse(item.endpoint, f"{provider.title}: the endpoint")
        options["azure_instance"] = address.host.split(".")[0]
        options["azure_deployment_id"] = model_choice.checked(item.deployment or item.model, "deployment")
        # the version that the provider's own list is asked with; Kong's default is older than today's models
        if version := parse_qs(urlsplit(provider.models_path).query).get("api-version"):
            options["azure_api_version"] = version[0]
    return options


def needs_endpoint(provider: Provider) -> bool:
    """True for a provider whose address is the customer's own (Azure)."""
    return "azure_instance" in provider.required_options


def _is_own_host(provider: Provider, item: Hosted) -> bool:
    """Whether the provider's own rules lead to the endpoint: then no upstream_url is needed."""
    return needs_endpoint(provider) and endpoints.parse(item.endpoint).host.endswith(".openai.azure.com")


def _provider_url(provider: Provider, operation: str, model: str, options: dict[str, str | int | float]) -> str:
    """The full URL by the provider's own rules, the port always written, the query left to the gateway."""
    try:
        url = provider.url(Call(operation, model, options))
    except ProviderError as error:
        raise UsageError(f"{provider.title}: {error}") from None
    parts = urlsplit(url)
    return endpoints.parse(f"{parts.scheme}://{parts.netloc}").url(parts.path)


def _local_route(item: Local, answers: Answers, bridged: bool) -> RoutePlan:
    typed = endpoints.parse(item.url, item.public)
    family = family_of(item.public)
    said = endpoints.dialect_of(typed.path)
    if family:
        dialect = said or ("ollama" if item.kind == "ollama" else "openai")
    else:
        dialect = "openai"  # Ollama serves it too, and plain `openai` is what every Kong version knows
    seen = endpoints.as_seen_by_gateway(typed, bridged)
    url = seen.url(endpoints.chat_path(typed.path, dialect))
    options: dict[str, str | int | float] = {"upstream_url": url}
    if family:
        options[f"{family}_format"] = dialect
    secret = item.secret if answers.secrets.get(item.secret) else ""
    return RoutePlan(
        name=f"{item.public}-api_{item.public}-chat",
        service=f"{item.public}-api",
        public=item.public,
        operation="chat",
        provider=family or "openai",
        title=LOCAL_TITLES[item.kind],
        model=model_choice.checked(item.model, item.public),
        upstream_url=url,
        shown_upstream=typed.authority,
        options=options,
        auth_header="Authorization" if secret else "",
        secret=secret,
        embeddings_url=_embeddings_url(url),
    )


def _builtin_route(answers: Answers, bridged: bool) -> RoutePlan:
    item = Local(BUILTIN, f"http://127.0.0.1:{answers.local_model_port}", BUILTIN_MODEL, "llama.cpp")
    route = _local_route(item, replace(answers, secrets={}), bridged)
    return replace(route, title=messages.text("builtin.title"), shown_upstream=f"localhost:{answers.local_model_port}")
