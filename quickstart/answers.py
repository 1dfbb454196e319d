"""What setup needs to know: every question is declared here once, as a field with its flag, environment variable,
default, prompt and whether it is kept. Options of the command line, environment variables, the wizard's questions and
the saved answers all read these declarations. Not for: where an answer came from (sources.py), asking (wizard.py),
answers as text (documents.py). Keys are in `Answers.secrets`, which is neither saved with the answers nor shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from quickstart.plan import DEFAULT_PORTS

Kind = Literal["switch", "choice", "port", "number", "path", "text", "pairs", "list"]
LocalKind = Literal["ollama", "llama.cpp", "llama-cpp-python", "lm-studio", "vllm", "other"]
LOCAL_TITLES: dict[LocalKind, str] = {
    "ollama": "Ollama",
    "llama.cpp": "llama.cpp",
    "llama-cpp-python": "llama-cpp-python",
    "lm-studio": "LM Studio",
    "vllm": "vLLM",
    "other": "OpenAI-compatible server",
}
COMPATIBLE = "compatible"
"""Stands for `Hosted.provider` of any service that speaks OpenAI's dialect, reached by its URL."""
PREFIX = "AI_GATEWAY_"
REGIONS = ("us", "eu", "au", "me", "in", "sg")
"""Of Konnect, in the order they are asked; sg is open to organizations that chose it."""
OUTPUT_DIRECTORY = Path("/tmp/kong/ai-gateway")  # noqa: S108 - the original's place; files.py refuses a foreign one
BASE_IMAGE = "python:3.13-slim"


def always(answers: Answers) -> bool:
    return True


def here(answers: Answers) -> bool:
    """Questions about this machine make no sense where the control plane lives elsewhere."""
    return answers.control_plane == "local"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `flag` "" = not on the command line; `prompt` = its key in messages/, "" = never asked."""

    help: str
    kind: Kind
    flag: str = ""
    prompt: str = ""
    choices: tuple[str, ...] = ()
    secret: bool = False
    saved: bool = True
    metavar: str = ""
    section: str = ""  # where the wizard's "change" finds it
    variables: tuple[str, ...] = ()  # others than ours that mean the same
    only_when: Callable[[Answers], bool] = always

    def environment(self, name: str) -> str:
        return PREFIX + name.upper()


def _question(default: Any, help: str, kind: Kind, **more: Any) -> Any:
    return field(default=default, metadata={"question": Question(help, kind, **more)})


@dataclass(frozen=True, slots=True)
class Hosted:
    """A provider in the cloud. `public` is the word in the path; "" until it is named, and kept once saved."""

    provider: str  # gateway.providers name, or COMPATIBLE
    model: str
    public: str = ""
    endpoint: str = ""  # instead of the provider's own origin; needed by Azure and COMPATIBLE
    deployment: str = ""  # Azure

    @property
    def secret(self) -> str:
        return secret_name(self.public if self.provider == COMPATIBLE else self.provider)


@dataclass(frozen=True, slots=True)
class Local:
    """A model server that the person runs. `url` as typed: `localhost:7999`, `http://host/v1`."""

    public: str
    url: str
    model: str
    kind: LocalKind = "other"

    @property
    def secret(self) -> str:
        """Used only where a key was given: most local servers want none."""
        return secret_name(f"local_{self.public}")


def secret_name(name: str) -> str:
    """`mistral-cloud` -> `MISTRAL_CLOUD_AUTH_HEADER`, the name behind `{vault://env/mistral-cloud-auth-header}`."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper() + "_AUTH_HEADER"


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that was answered. Immutable; `dataclasses.replace` makes another."""

    consent: bool = _question(False, "", "switch", prompt="consent.ask", saved=False)
    control_plane: str = _question(
        "local", "Where the control plane lives.", "choice", flag="--control-plane", prompt="control.ask",
        choices=("local", "konnect"), section="control_plane",
    )  # fmt: skip
    konnect_control_plane: str = _question(
        "ai-gateway", "Name of the control plane in Konnect.", "text", flag="--konnect-control-plane",
        variables=("KONNECT_CONTROL_PLANE_NAME",),
    )  # fmt: skip
    konnect_region: str = _question(
        "auto", "Region of Konnect; auto finds the one that the token belongs to.", "choice", flag="--konnect-region",
        choices=("auto", *REGIONS), variables=("KONNECT_REGION",),
    )  # fmt: skip
    konnect_product: str = _question(
        "gateway", "API Gateway, or the newer AI Gateway (a beta of Konnect).", "choice", flag="--konnect-product",
        choices=("gateway", "ai-gateway"),
    )  # fmt: skip
    konnect_image: str = _question(
        "auto", "Image of the data plane; auto is the official one.", "text", flag="--konnect-image"
    )
    konnect_existing: str = _question(
        "refuse", "What to do with a control plane of that name that somebody else made; add removes nothing.",
        "choice", flag="--konnect-existing", choices=("refuse", "add"), saved=False,
    )  # fmt: skip
    konnect_replace: str = _question(
        "", "Delete the control plane of this name, and everything in it, and make it anew.", "text",
        flag="--konnect-replace", saved=False, metavar="NAME",
    )  # fmt: skip
    hosted: tuple[Hosted, ...] = ()
    local: tuple[Local, ...] = ()
    builtin_model: bool = _question(
        False, "Run the small built-in model, beside whatever else is set up.", "switch",
        flag="--builtin-model/--no-builtin-model",
        prompt="builtin.ask", section="local", only_when=here,
    )  # fmt: skip
    runtime: str = _question(
        "auto", "How the gateway runs; auto takes docker when an engine answers.", "choice", flag="--runtime",
        prompt="machine.runtime", choices=("auto", "docker", "process"), section="machine", only_when=here,
    )  # fmt: skip
    output_dir: Path = _question(  # noqa: RUF009 - a Path is immutable
        OUTPUT_DIRECTORY, "Where kong.yml and kong.env are written.", "path", flag="--output-dir",
        prompt="machine.output_dir", section="machine",
    )  # fmt: skip
    proxy_port: int = _question(
        DEFAULT_PORTS["proxy"],
        "Port of the proxy.",
        "port",
        flag="--proxy-port",
        prompt="machine.port",
        section="machine",
    )
    admin_port: int = _question(
        DEFAULT_PORTS["admin"], "Port of the Admin API.", "port", flag="--admin-port", prompt="machine.port",
        section="machine",
    )  # fmt: skip
    manager_port: int = _question(
        DEFAULT_PORTS["manager"], "Port of the Manager.", "port", flag="--manager-port", prompt="machine.port",
        section="machine",
    )  # fmt: skip
    portal_port: int = _question(
        DEFAULT_PORTS["portal"], "Port of the Dev Portal.", "port", flag="--portal-port", prompt="machine.port",
        section="machine",
    )  # fmt: skip
    files_port: int = _question(
        DEFAULT_PORTS["files"], "Port of the Files API.", "port", flag="--files-port", prompt="machine.port",
        section="machine",
    )  # fmt: skip
    status_port: int = _question(
        DEFAULT_PORTS["status"], "Port of the status listener.", "port", flag="--status-port", prompt="machine.port",
        section="machine",
    )  # fmt: skip
    local_model_port: int = _question(
        7999, "Port of the built-in model.", "port", flag="--local-model-port", prompt="", section="machine"
    )
    bind: str = _question(
        "127.0.0.1",
        "Address the gateway listens on; others than loopback open it to the network.",
        "text",
        flag="--bind",
    )
    base_image: str = _question(BASE_IMAGE, "Image the gateway's image is built on.", "text", flag="--base-image")
    workers: int = _question(1, "Worker processes of the gateway.", "number", flag="--workers")
    forward_proxy: str = _question(
        "auto", "The proxy that https requests take; auto is $HTTPS_PROXY, kept from then on; none forgets it.",
        "choice", flag="--forward-proxy", choices=("auto", "none"),
    )  # fmt: skip
    no_proxy: str = _question(
        "none", "Hosts that are asked without that proxy.", "text", flag="--no-proxy",
        variables=("NO_PROXY", "no_proxy"),
    )  # fmt: skip
    ca_file: str = _question(
        "system", "PEM file of the certificate authorities to trust; system means the usual ones.", "text",
        flag="--ca-file", variables=("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    )  # fmt: skip
    discover: bool = _question(
        True, "Look for model servers on this machine.", "switch", flag="--discover/--no-discover", saved=False
    )
    check_keys: bool = _question(
        True, "Ask each provider, free of charge, whether its key works.", "switch",
        flag="--check-keys/--no-check-keys", saved=False,
    )  # fmt: skip
    test: bool = _question(
        True, "Send one small request through every route at the end.", "switch", flag="--test/--no-test", saved=False
    )
    strict: bool = _question(False, "Exit with 5 when a route does not answer.", "switch", flag="--strict", saved=False)
    overwrite: bool = _question(
        False, "Drop edits made in the Manager, the Admin API or decK; else they are kept.", "switch",
        flag="--overwrite", saved=False,
    )  # fmt: skip
    secrets: dict[str, str] = field(repr=False, default_factory=dict)  # secret name -> complete header value

    @property
    def ports(self) -> dict[str, int]:
        """Listener -> port, with the keys of plan.LISTENERS."""
        return {name: getattr(self, f"{name}_port") for name in DEFAULT_PORTS}


INPUTS: dict[str, Question] = {
    "model": Question(
        "Model of a provider, PROVIDER=MODEL; may be repeated.", "pairs", "--model", metavar="PROVIDER=MODEL"
    ),
    "key_file": Question(
        "Read the key of a provider from a file; may be repeated. Keys are never flags themselves.", "pairs",
        "--key-file", metavar="PROVIDER=PATH", secret=True,
    ),
    "endpoint": Question(
        "URL of a provider's resource (Azure), PROVIDER=URL.", "pairs", "--endpoint", metavar="PROVIDER=URL"
    ),
    "deployment": Question(
        "Deployment of a provider (Azure), PROVIDER=NAME.", "pairs", "--deployment", metavar="PROVIDER=NAME"
    ),
    "local": Question(
        "A model server, NAME=URL or NAME=URL#MODEL; may be repeated.", "pairs", "--local", metavar="NAME=URL[#MODEL]"
    ),
    "compatible": Question(
        "Any hosted service that speaks OpenAI's dialect; its key comes from $NAME_API_KEY or --key-file.", "pairs",
        "--compatible", metavar="NAME=URL#MODEL",
    ),
    "skip": Question(
        "Leave out a provider or local server although a key or a saved answer is there.", "list", "--skip",
        metavar="NAME",
    ),
}  # fmt: skip
"""What names a provider: many values each, combined into `hosted` and `local` by unattended.py."""


def questions() -> dict[str, Question]:
    """Field name -> its declaration, in the order they are asked."""
    return {item.name: item.metadata["question"] for item in dataclasses.fields(Answers) if "question" in item.metadata}
