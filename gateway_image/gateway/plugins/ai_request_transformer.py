"""ai-request-transformer: a model rewrites the request body before it goes upstream. Not for: asking the model
(_ai_transformer).

Source: Kong's documentation and the observable behaviour of Kong 3.9.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.plugins._ai_transformer import AiTransformer, transformer_fields
from gateway.values import Asking, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange


class AiRequestTransformer(AiTransformer):
    name = "ai-request-transformer"
    priority = 777
    no_consumer = True  # as in Kong
    fields = transformer_fields("A model rewrites request bodies.")

    def access(self, exchange: Exchange) -> Reply | Asking | None:
        return self.too_large(exchange) or self._rewrite(exchange)

    def _rewrite(self, exchange: Exchange) -> Asking:
        words = yield from self.ask(exchange, exchange.raw_body().decode("utf-8", "replace"))
        if isinstance(words, Reply):
            return words
        exchange.replace_body(words.encode("utf-8", "replace"))
        return None


PLUGIN = AiRequestTransformer
