"""The order in which plugins run, as one list: Kong's numbers, the highest first."""

from gateway.plugins import registry

ORDER = {
    "correlation-id": 100001,
    "cors": 2000,
    "key-auth": 1250,
    "ip-restriction": 990,
    "request-size-limiting": 951,
    "acl": 950,
    "rate-limiting": 910,
    "ai-rate-limiting-advanced": 905,
    "request-transformer": 801,
    "response-transformer": 800,
    "ai-request-transformer": 777,
    "ai-prompt-template": 773,
    "ai-prompt-decorator": 772,
    "ai-prompt-guard": 771,
    "ai-proxy": 770,
    "ai-proxy-advanced": 770,
    "ai-response-transformer": 768,
    "opentelemetry": 14,
    "prometheus": 13,
    "http-log": 12,
    "file-log": 9,
    "request-termination": 2,
}


def test_every_plugin_has_kongs_priority() -> None:
    assert {name: plugin.priority for name, plugin in registry().items()} == {name: ORDER[name] for name in registry()}


def test_the_list_is_in_the_order_of_running() -> None:
    assert sorted(ORDER.values(), reverse=True) == list(ORDER.values())
