"""The screens about local models: servers found, the original's Mistral and Llama2, any URL, and the built-in model.

Not for: finding servers (discovery.py), URLs (endpoints.py).
"""

from __future__ import annotations

from dataclasses import replace

from quickstart import endpoints, messages, naming
from quickstart.answers import LOCAL_TITLES, Answers, Local
from quickstart.discovery import Probed, Server
from quickstart.errors import UsageError
from quickstart.prompter import Choice
from quickstart.sources import public_name
from quickstart.unattended import local_from_text
from quickstart.wizard_hosted import Desk, model_problem, typed_key, url_problem

text = messages.text
USUAL_URL = "http://localhost:11434"
"""Where the original expects local models: Ollama."""
TITLES = {"mistral": "Mistral", "llama2": "Llama2"}


def ask_local(desk: Desk, before: Answers, found: list[Server]) -> Answers:
    """Asks about model servers; `before` holds the defaults. Returns it with servers and built-in model replaced."""
    desk.console.heading(text("local.heading"))
    table = _Table(desk, before)
    said = _said_servers(table)
    _kept(table, found)
    fresh = [server for server in found if server.port not in table.ports()]
    if fresh:
        _discovered(table, fresh, not before.local)
    elif not table.servers:
        for family in naming.FAMILIES:
            if desk.prompter.confirm(text("local.enable", title=TITLES[family]), False):
                table.add(family, TITLES[family], USUAL_URL)
    question = "local.other"
    while not said and desk.prompter.confirm(text(question), False):
        table.add("", "", "")
        question = "local.more"
    nothing = not (table.servers or before.hosted)
    builtin = before.builtin_model
    given = desk.sources.value("builtin_model")
    if given.fixed:
        builtin = bool(given.value)
    elif builtin:
        builtin = desk.prompter.confirm(text("builtin.keep"), True)
    elif nothing:
        builtin = desk.prompter.confirm(text("builtin.ask"), True)
    return replace(before, local=tuple(table.servers), secrets=table.secrets, builtin_model=builtin)


class _Table:
    """The servers chosen so far."""

    def __init__(self, desk: Desk, before: Answers) -> None:
        self.desk = desk
        self.before = before
        self.servers: list[Local] = []
        own = {item.secret for item in before.local}
        self.secrets = {name: value for name, value in before.secrets.items() if name not in own}
        for item in before.hosted:
            if value := before.secrets.get(item.secret):
                self.secrets[item.secret] = value

    def ports(self) -> set[int]:
        addresses = [endpoints.parse(item.url) for item in self.servers]
        return {address.port for address in addresses if endpoints.is_this_machine(address.host)}

    def taken(self) -> set[str]:
        names = naming.taken_names(replace(self.before, local=()))
        return names | {item.public for item in self.servers}

    def keep(self, item: Local, key: str = "") -> None:
        self.servers.append(item)
        value = f"Bearer {key}" if key else self.before.secrets.get(item.secret, "")
        if value:
            self.secrets[item.secret] = value

    def name_problem(self, typed: str) -> str:
        try:
            public = public_name(typed, "The name")
        except UsageError as error:
            return f"{error.message} {error.hint}"
        return f"The name {public} is taken." if public in self.taken() else ""

    def add(self, public: str, title: str, url: str, model: str = "", known: Local | None = None) -> None:
        """Asks for one server: URL, model, name where it has none yet."""
        prompter = self.desk.prompter
        question = text("local.url", title=title) if title else text("local.other_url")
        typed = prompter.text(question, url, url_problem)
        address = endpoints.parse(typed)
        shown = f"{address.scheme}://{address.authority}{address.path}"
        with self.desk.console.waiting(text("local.asking", url=shown)):
            probed = self.desk.eyes.probe(endpoints.root(address))
        kind = probed.kind if probed else known.kind if known else "other"
        title = title or LOCAL_TITLES[kind]
        key = self._told(probed, shown, title)
        models = probed.models if probed else ()
        model = prompter.text(text("local.model", title=title), model or _likely(models, public), model_problem, models)
        if not public or public in self.taken():
            proposal = naming.propose(kind, model, self.taken())
            public = prompter.text(text("local.name", title=title), public or proposal, self.name_problem).lower()
        self.keep(Local(public, shown, model, kind), key)

    def _told(self, probed: Probed | None, shown: str, title: str) -> str:
        """Says what answers there; gives the key that a locked server wants, "" for none."""
        console = self.desk.console
        if probed is None:
            console.warn(text("local.silent", url=shown))
            return ""
        console.ok(text("local.answers", title=LOCAL_TITLES[probed.kind], url=shown))
        if probed.locked:
            return typed_key(self.desk, text("local.key", title=title), title) or ""
        if not probed.models:
            console.warn(text("local.no_models", title=LOCAL_TITLES[probed.kind]), text("local.no_models_hint"))
        return ""


def _likely(models: tuple[str, ...], public: str) -> str:
    """The server's model of that family, else its first; of a silent server the family's own name, as Ollama has it."""
    pattern = naming.FAMILIES.get(public)
    if pattern is None:
        return next(iter(models), "")
    fitting = next((name for name in models if pattern.search(name)), "")
    return fitting or next(iter(models), "") or public


def _said_servers(table: _Table) -> bool:
    """Servers named by flag or environment are taken as they are, without a question."""
    sources = table.desk.sources
    earlier = {item.public: item for item in table.before.local}
    models = sources.pairs("model")
    for name, given in sources.pairs("local").items():
        item = local_from_text(name, given, earlier.get(name), models.get(name), table.desk.eyes, [])
        if item is not None:
            table.keep(item)
            table.desk.console.ok(text("local.kept", name=item.public, url=item.url), given.origin)
    return bool(table.servers)


def _kept(table: _Table, found: list[Server]) -> None:
    """Servers of last time: each may stay, move to another URL, or go."""
    named = {item.public for item in table.servers}
    earlier = [item for item in table.before.local if item.public not in named]
    if not earlier:
        return
    choices = [Choice(item.public, item.public, item.url, True) for item in earlier]
    staying = table.desk.prompter.checkbox(text("local.keep"), choices)
    for item in earlier:
        if item.public in staying:
            moved = _moved(table, item, found)
            url = moved.url if moved else item.url
            table.add(item.public, item.public, url, item.model, item)


def _moved(table: _Table, item: Local, found: list[Server]) -> Server | None:
    """A server that serves the same model on another port, where nothing answers at the old one any more."""
    address = endpoints.parse(item.url)
    if table.desk.eyes.probe(endpoints.root(address)) is not None:
        return None
    similar = next((server for server in found if item.model in server.models), None)
    if similar is None:
        return None
    table.desk.console.warn(text("local.gone", url=item.url, port=similar.port))
    return similar if table.desk.prompter.confirm(text("local.moved", url=similar.url), True) else None


def _discovered(table: _Table, fresh: list[Server], all_of_them: bool) -> None:
    choices = [
        Choice(str(server.port), server.title, f"{server.url}  {_served(server)}", all_of_them and bool(server.models))
        for server in fresh
    ]
    chosen = table.desk.prompter.checkbox(text("local.found"), choices)
    for server in fresh:
        if str(server.port) not in chosen:
            continue
        key = ""
        if server.locked:
            key = typed_key(table.desk, text("local.key", title=server.title), server.title) or ""
        if len(server.models) == 1:
            model = server.models[0]
        else:
            proposal = next(iter(server.models), "")
            question = text("local.model", title=server.title)
            model = table.desk.prompter.text(question, proposal, model_problem, server.models)
        proposal = naming.propose(server.kind, model, table.taken())
        question = text("local.name", title=server.title)
        public = table.desk.prompter.text(question, proposal, table.name_problem).lower()
        table.keep(Local(public, server.url, model, server.kind), key)


def _served(server: Server) -> str:
    if server.locked:
        return text("look.locked")
    if not server.models:
        return text("look.no_models")
    return server.models[0] if len(server.models) == 1 else text("look.models", count=len(server.models))
