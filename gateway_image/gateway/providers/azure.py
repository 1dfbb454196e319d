"""Azure OpenAI: OpenAI's models behind deployments, by the classic paths or the /openai/v1 ones. Source: Microsoft's
API lifecycle pages, 2026-11.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from gateway.chat import string
from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS, PRESERVE, Call, Json, ProviderError
from gateway.providers._compatible import Compatible, provider_url
from gateway.providers._diagnosis import Tell

DEFAULT_VERSION = "2023-05-15"  # Kong's
_USAGE_SINCE = "2024-09"  # older versions refuse stream_options


class Azure(Compatible):
    name = "azure"
    title = "Azure OpenAI"
    telemetry_name = "azure.ai.openai"
    paths = {CHAT: "/chat/completions", COMPLETIONS: "/completions", EMBEDDINGS: "/embeddings"}  # under the deployment
    auth_header = "api-key"
    auth_prefix = ""
    environment = ("AZURE_OPENAI_API_KEY",)
    key_url = "https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/OpenAI"
    catalogue = ("gpt-6-luna", "gpt-5.6-luna", "gpt-5.4-mini")
    retired = ("gpt-35-turbo",)
    models_path = "/openai/models?api-version=2024-10-21"
    required_options = {
        "azure_instance": "must set 'model.options.azure_instance' for azure provider",
        "azure_deployment_id": "must set 'model.options.azure_deployment_id' for azure provider",
    }
    kong_name = ""
    strips_cookies = True
    accept_encoding = b"gzip, identity"
    tells = (
        Tell("invalid subscription key", "invalid_key", (401,)),
        Tell("content_filter", "bad_request", (400,)),
        Tell("deploymentnotfound", "model_not_found"),
    )

    def url(self, call: Call) -> str:
        """upstream_url, or the instance's deployment; api-version is always there, a version in the URL wins."""
        options = call.options
        version = string(options.get("azure_api_version")) or DEFAULT_VERSION
        if string(options.get("upstream_url")):
            parts = urlsplit(provider_url(self, call))
            if "api-version=" in parts.query or parts.path.startswith("/openai/v1/"):
                return urlunsplit(parts)
            query = f"{parts.query}&" if parts.query else ""
            return urlunsplit(parts._replace(query=f"{query}api-version={quote(version)}"))
        instance, deployment = string(options.get("azure_instance")), string(options.get("azure_deployment_id"))
        if not instance:
            raise ProviderError(self.required_options["azure_instance"])
        base = f"https://{instance}.openai.azure.com"
        if path := string(options.get("upstream_path")):
            return f"{base}{path}?api-version={quote(version)}"
        if call.route_type == PRESERVE:
            return f"{base}?api-version={quote(version)}"
        if not deployment:
            raise ProviderError(self.required_options["azure_deployment_id"])
        path = self.paths.get(call.route_type, "")
        return f"{base}/openai/deployments/{quote(deployment, safe='')}{path}?api-version={quote(version)}"

    def asks_usage(self, call: Call) -> bool:
        if "/openai/v1/" in string(call.options.get("upstream_url")):
            return True
        return (string(call.options.get("azure_api_version")) or DEFAULT_VERSION) >= _USAGE_SINCE

    def limit_name(self, call: Call) -> str:
        """The model is a deployment's name and says nothing: what is new enough takes the newer name for all models."""
        return "max_completion_tokens" if self.asks_usage(call) else "max_tokens"

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        request = super().request(body, call)
        if not self.asks_usage(call):
            request.pop("stream_options", None)
        return request
