"""The dialects that clients may speak beside OpenAI's chat: each translates requests to it and answers back. Not for:
upstreams (gateway/providers).
"""

from __future__ import annotations

from gateway.dialects.anthropic import Messages
from gateway.dialects.responses import Responses

MESSAGES = Messages()
RESPONSES = Responses()
