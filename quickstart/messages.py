"""Every text a person reads during setup, by key: one catalogue, so that another language is another dictionary.

Short plain sentences, no idioms, no emoji; marks and colours are the console's. Not for: texts of a provider (its own
file), errors that only a programmer sees.
"""

from __future__ import annotations

from typing import Any

ENGLISH: dict[str, str] = {
    # general
    "title": "AI gateway setup",
    "title_note": "Ctrl-C changes nothing",
    "no_terminal": "There is no terminal to ask questions on. Nothing was configured.",
    "no_terminal_hint": (
        "In a terminal: ai-gateway setup\nWithout questions: OPENAI_API_KEY=... ai-gateway setup --yes"
    ),
    "nothing_chosen": "No provider and no local model was chosen, so there is nothing to set up.",
    "nothing_chosen_hint": "Give a key, a --local server, or take the built-in model: ai-gateway setup --builtin-model",
    # looking around
    "look.heading": "Looking around",
    "look.key": "{variable} is set",
    "look.server": "{title} on port {port}",
    "look.models": "{count} models",
    "look.model": "1 model",
    "look.no_models": "no model loaded",
    "look.locked": "asks for a key",
    "look.no_server": "No model server found on this machine",
    "look.not_looked": "Not looking for model servers (--no-discover)",
    # consent
    "consent.heading": "API keys",
    "consent.explain": (
        "To reach hosted models, this tool asks for API keys. They stay on this machine, in a file that only you can"
        " read. They are sent to their own provider only."
    ),
    "consent.ask": "Continue?",
    "consent.no": "Cancelled. No key was asked for and nothing was changed.",
    # control plane
    "control.ask": "Where should the control plane live?",
    "control.local": "On this machine",
    "control.local_note": "no account needed",
    "control.konnect": "Kong Konnect",
    "control.konnect_note": "not in this version",
    "konnect.later": "Kong Konnect cannot be set up by this version.",
    "konnect.later_hint": (
        "Choose this machine now: ai-gateway setup --control-plane local\n"
        "The kong.yml it writes is in decK's format; deck can send it to a Konnect control plane."
    ),
    # hosted providers
    "hosted.heading": "Hosted models",
    "hosted.explain": "Enter skips a provider.",
    "hosted.key": "API key for {title} (hidden, enter = skip)",
    "hosted.key_env": "API key for {title} (enter = use {origin}, {mask}; - = skip)",
    "hosted.key_kept": "API key for {title} (enter = keep {mask}; - = remove)",
    "hosted.received": "{title}: {received}",
    "hosted.cleaned": "removed from what was pasted: {removed}",
    "hosted.other": "This looks like a key of {other}, not of {title}.",
    "hosted.other_ask": "Use it for {title} anyway?",
    "hosted.checking": "Asking {title} whether the key works",
    "hosted.after": "What now?",
    "hosted.again": "Try again",
    "hosted.skip": "Skip {title}",
    "hosted.keep": "Keep it anyway",
    "hosted.model": "Model of {title}",
    "hosted.endpoint": "{title} endpoint, such as https://NAME.openai.azure.com",
    "hosted.deployment": "{title} deployment",
    "hosted.more": "Further hosted providers?",
    "hosted.compatible": "Another OpenAI-compatible URL ...",
    "hosted.key_found": "key in {origin}",
    "hosted.key_saved": "key kept",
    "compatible.url": "URL of the service, such as https://llm.example.com/v1",
    "compatible.name": "Short name for it, used in the path",
    "compatible.key": "API key for {title} (hidden, enter = none)",
    "compatible.again": "Another OpenAI-compatible URL?",
    # key check
    "check.accepted": "key accepted",
    "check.accepted_models": "key accepted, {count} models visible",
    "check.not_llm": "cannot check the key: {title}'s address answered something else than a list of models",
    "check.no_way": "cannot check the key: {title} offers no free way",
    "check.new_key": "Keys are shown once, when they are made: {url}",
    "check.clock_also": "The clock of this machine is {minutes} minutes off, which some providers refuse too.",
    "check.dns": "cannot check the key: the name {host} cannot be resolved (DNS)",
    "check.dns_hint": "Is this machine online? The key is kept; the route works as soon as the name resolves.",
    "check.tls": "cannot check the key: the certificate of {host} is not trusted (TLS)",
    "check.tls_hint": "A company proxy? Point SSL_CERT_FILE at its CA certificate, then: ai-gateway setup",
    "check.clock": "cannot check the key: the certificate of {host} is outside its dates (TLS)",
    "check.clock_hint": "Is the clock of this machine right? Look: date",
    "check.proxy": "cannot check the key: no way through the proxy {proxy} to {host}",
    "check.proxy_hint": "HTTPS_PROXY is set to {proxy}. Correct or unset it, then: ai-gateway setup",
    "check.timeout": "cannot check the key: no answer from {host} (timeout {seconds} s)",
    "check.timeout_hint": "HTTPS_PROXY is not set. Behind a proxy?  HTTPS_PROXY=http://... ai-gateway setup",
    "check.refused": "cannot check the key: {host} refuses connections",
    "check.network": "cannot check the key: {host} cannot be reached",
    "check.kept": "{title}: the key is kept unchecked",
    # local models
    "local.heading": "Local models",
    "local.found": "Which of the servers found should the gateway use?",
    "local.enable": "Do you want to enable the local provider {title}?",
    "local.other": "Another model server, by its URL?",
    "local.more": "One more model server?",
    "local.url": "URL of {title}",
    "local.other_url": "URL of the server",
    "local.model": "Model of {title}",
    "local.name": "Public name of {title} (its path is /NAME/chat)",
    "local.answers": "{title} answers at {url}",
    "local.silent": "nothing answers at {url} now; it is set up all the same",
    "local.no_models": "{title} has no model loaded",
    "local.no_models_hint": "With Ollama: ollama pull MODEL",
    "local.key": "Key of {title} (hidden, enter = none)",
    "local.kept": "{name} ({url})",
    "local.keep": "Which of your model servers should stay?",
    "local.gone": "nothing listens at {url} now, but the same model answers on port {port}",
    "local.moved": "Use {url} instead?",
    "builtin.title": "Built-in model",
    "builtin.ask": "Use the small built-in model? (about 110 MB, answers without any key)",
    "builtin.keep": "Keep the small built-in model?",
    # this machine
    "machine.runtime": "How should the gateway run?",
    "machine.auto": "Container when an engine answers",
    "machine.docker": "Docker container",
    "machine.process": "Plain process, no Docker",
    "machine.output_dir": "Directory for kong.yml and kong.env",
    "machine.port": "Port of the {listener}",
    # review
    "review.heading": "Review",
    "review.nothing_yet": "nothing is changed yet",
    "review.route": "Route",
    "review.model": "Model",
    "review.upstream": "Upstream",
    "review.files": "files",
    "review.listeners": "listeners",
    "review.runtime": "runtime",
    "review.secrets": "secrets",
    "review.key_count": "{count} keys, in a file only you can read",
    "review.key_count_one": "1 key, in a file only you can read",
    "review.key_count_none": "none",
    "review.process": "plain process on {bind}",
    "review.docker": "Docker container, ports on {bind}",
    "review.docker_host": "Docker container in the host's network, on {bind}",
    "review.ask": "Apply?",
    "review.apply": "Apply",
    "review.diff": "Show the full diff",
    "review.change": "Change something",
    "review.cancel": "Cancel",
    "review.what": "What should change?",
    "review.changes": "Changes",
    "review.same": "Nothing to change.",
    "review.new_key": "another key",
    "review.counts": "{added} added, {changed} changed, {removed} removed, {same} unchanged",
    "section.hosted": "Hosted models and keys",
    "section.local": "Local models",
    "section.machine": "Runtime, ports and directory",
    "section.back": "Back",
    # why
    "because.docker": "A container engine answers, so the gateway runs as a container (--runtime process: without).",
    "because.process": "No container engine answers, so the gateway runs as a plain process.",
    "because.host_network": (
        "{server} listens on loopback only, so the container shares this machine's network to reach it."
    ),
    "because.instead": "So the gateway runs as a plain process.",
    # unattended
    "yes.azure_endpoint": "{title}: there is a key, but no endpoint or deployment, so it is left out",
    "yes.azure_endpoint_hint": "--endpoint {name}=https://NAME.openai.azure.com --deployment {name}=DEPLOYMENT",
    "yes.no_key": "{title}: its key is gone, so it is left out",
    "yes.no_key_hint": "Set {variable}, or run: ai-gateway setup",
    "yes.no_model": "{title}: no model is known for it",
    "yes.no_model_hint": "Name one: --model {name}=MODEL",
    "yes.silent": "{name}: nothing answers at {url}, so its model is not known",
    "yes.silent_hint": "Start it, or name the model: --local {name}={url}#MODEL",
    "yes.rejected": "{title}: {message}",
    "yes.no_models": "{title} on port {port} has no model loaded, so it is left out",
    # end
    "done.ready": "Ready",
    "done.unchanged": "Nothing to change. The gateway is as it was.",
    "done.dry": "Dry run: nothing was changed.",
    "done.try": "Try it",
    "done.more": "More:  ai-gateway status | logs | setup (change) | stop | uninstall",
    "done.health": "Health",
    "done.time": "Time",
    "done.unhealthy": "{count} of {total} routes do not answer.",
    "done.unhealthy_hint": "The table above says why. The others work.",
    "done.sdks": "SDKs:  base_url http://{host}/v1 (OpenAI), http://{host} (Anthropic)",
    "done.exports": "Shell variables:  . {path}",
    # what is in the way
    "engine.ask": "What now?",
    "engine.retry": "Try again",
    "engine.process": "Run without containers (recommended)",
    "engine.quit": "Quit",
    "port.ask": "Which port should the {listener} have?",
    # plain prompts
    "plain.yes_or_no": "Type y or n.",
    "plain.hidden": "(typing is not shown)",
    "plain.number": "(number, enter = {default})",
    "plain.numbers": "(numbers with spaces, enter = {default})",
    "plain.numbers_only": "Type numbers from 1 to {highest}.",
    "plain.none_word": "none",
    "plain.chosen": "chosen",
    # crash
    "crash": "ai-gateway hit a bug.",
    "crash_hint": "Report (keys removed): {path}",
    "crash_unwritten": "The report could not be written: {reason}",
}


def text(key: str, **values: Any) -> str:
    """The text of `key` with its values filled in. KeyError for a key or value that is missing: that is a bug."""
    return ENGLISH[key].format(**values)
