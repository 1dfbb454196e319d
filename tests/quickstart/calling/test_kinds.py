"""The kinds of snippets there are: each is a snippet that the gateway makes for some route."""

from __future__ import annotations

from gateway.admin.overview import routes
from gateway.admin.snippets import snippets
from gateway.entities import Config
from quickstart.calling.kinds import KINDS


def test_every_kind_is_a_snippet_of_a_route_whose_path_ends_so() -> None:
    kinds = {"/m/v1/chat/completions": ("chat", "openai"), "/m/v1/messages": ("chat", "anthropic")}
    kinds["/m/v1/responses"] = ("responses", "openai")
    made = []
    for path, (route_type, spoken) in kinds.items():
        model = {"provider": "openai", "name": "m"}
        proxy = {"route_type": f"llm/v1/{route_type}", "llm_format": spoken, "model": model}
        made.append(
            {
                "name": path.strip("/").replace("/", "-"),
                "paths": [path],
                "plugins": [{"name": "ai-proxy", "config": proxy}],
            }
        )
    document = {"_format_version": "3.0", "services": [{"name": "s", "url": "http://h", "routes": made}]}
    views = routes(Config.from_declarative(document))
    for kind in KINDS.values():
        fitting = [view for view in views if view.operation == kind.operation and view.path.endswith(kind.tail)]
        assert fitting and kind.title in snippets(fitting[0], "http://h:1"), kind
