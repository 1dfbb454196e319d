"""Databricks model serving: OpenAI's dialect at a workspace's own address. Source: Databricks' serving API reference
and Kong's documentation, 2026-11.
"""

from __future__ import annotations

from gateway.chat import mapping, string
from gateway.providers._base import CHAT, Call, Json, ProviderError
from gateway.providers._compatible import Compatible, listed_models, provider_url


class Databricks(Compatible):
    name = "databricks"
    title = "Databricks"
    paths = {CHAT: "/serving-endpoints/v1/chat/completions"}
    environment = ("DATABRICKS_TOKEN",)
    key_url = "https://docs.databricks.com/dev-tools/auth/pat"
    key_prefixes = ("dapi",)
    models_path = "/api/2.0/serving-endpoints"
    refused = frozenset({"top_k", "store", "service_tier"})

    def url(self, call: Call) -> str:
        if string(call.options.get("upstream_url")):
            return provider_url(self, call)
        workspace = string(mapping(call.options.get("databricks")).get("workspace_instance_id"))
        if not workspace:
            raise ProviderError(
                "Databricks has no address of its own: set model.options.databricks.workspace_instance_id, "
                "or model.options.upstream_url"
            )
        path = string(call.options.get("upstream_path")) or self.paths.get(call.route_type, "")
        return f"https://{workspace}.cloud.databricks.com{path}"

    def models(self, body: Json) -> list[str]:
        return listed_models(body, "endpoints", "name")
