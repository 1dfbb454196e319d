"""Runs one SDK's calls in its own virtual environment: calls come as JSON on standard input, results go out as one JSON
document, `{id: {"value": ...} | {"error": {...}}}`. Needs nothing but the standard library and the SDK of the caller.
"""

import json
import sys
import traceback


def run(functions):
    """`functions`: word -> function(gateway's URL, **the call's arguments)."""
    told = json.load(sys.stdin)
    results = {}
    for call in told["calls"]:
        try:
            results[call["id"]] = {"value": functions[call["do"]](told["url"], **call["arguments"])}
        except Exception as error:  # whatever an SDK raises is what its user sees
            results[call["id"]] = {"error": described(error)}
    print(json.dumps(results))


def described(error):
    return {
        "kind": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "text": str(error)[:2000],
        "code": getattr(error, "code", None),
        "request_id": getattr(error, "request_id", None),
        "trace": traceback.format_exc()[-2000:],
    }
