"""What is asked of Redis in one go: a batch of charges and consults as one script, so that each check and its count are
one step and one round trip. Pure. Not for: connections (redis_link.py), when to ask (redis_lane.py).

A batch that was sent but not answered may have been done or not. It is sent again with the same number: the script
leaves a mark with what it decided, in the same step, and does nothing twice. A mark that a failover lost is lost with
the counts. The mark comes first: a script that fails halfway must not add again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha1

from gateway.values import Consult, Consulted, Count

PREFIX = b"ai-gateway:"
MARK_MILLISECONDS = 3_600_000
"""How long a mark is kept: for that long a batch may be in doubt."""

SCRIPT = b"""
local mark, number = redis.call('GET', KEYS[1]), ARGV[1]
local decided
if mark and string.sub(mark, 1, #number + 1) == number .. ':' then
  decided = string.sub(mark, #number + 2)
end
if ARGV[5] == '1' and not decided then
  redis.call('SET', KEYS[1], number .. ':', 'PX', ARGV[2])
end
local key, arg, decisions, out = 2, 6, {}, {}

local function held(name)
  return redis.call('GET', name) or '0'
end

local function add(name, amount, milliseconds)
  if tonumber(amount) ~= 0 and not decided then
    redis.call('INCRBYFLOAT', name, amount)
    redis.call('PEXPIRE', name, milliseconds)
  end
end

for _ = 1, tonumber(ARGV[3]) do
  add(KEYS[key], ARGV[arg], ARGV[arg + 1])
  out[#out + 1] = held(KEYS[key])
  out[#out + 1] = held(KEYS[key + 1])
  key, arg = key + 2, arg + 2
end

for each = 1, tonumber(ARGV[4]) do
  local many, open = tonumber(ARGV[arg]), '1'
  arg = arg + 1
  for i = 0, many - 1 do
    local current, previous = held(KEYS[key + 2 * i]), held(KEYS[key + 2 * i + 1])
    local limit, weight = tonumber(ARGV[arg + 4 * i + 1]), tonumber(ARGV[arg + 4 * i + 2])
    if tonumber(current) + tonumber(previous) * weight >= limit then open = '0' end
    out[#out + 1] = current
    out[#out + 1] = previous
  end
  if decided then
    open = string.sub(decided, each, each)
    if open == '1' then
      for i = 0, many - 1 do
        local at = #out - 2 * (many - i) + 1
        out[at] = string.format('%.17g', tonumber(out[at]) - tonumber(ARGV[arg + 4 * i]))
      end
    end
  elseif open == '1' then
    for i = 0, many - 1 do
      add(KEYS[key + 2 * i], ARGV[arg + 4 * i], ARGV[arg + 4 * i + 3])
    end
  end
  out[#out + 1] = open
  decisions[each] = open
  key, arg = key + 2 * many, arg + 4 * many
end

if #decisions > 0 and ARGV[5] == '1' and not decided then
  redis.call('SET', KEYS[1], number .. ':' .. table.concat(decisions), 'PX', ARGV[2])
end
return out
"""
SHA = sha1(SCRIPT, usedforsecurity=False).hexdigest()


class Waiting:
    """A request that waits for its consult. Stands where the connection of an exchange stands."""

    __slots__ = ("_done", "consult")

    def __init__(self, consult: Consult, done: Callable[[Consulted], None]) -> None:
        self.consult = consult
        self._done: Callable[[Consulted], None] | None = done

    @property
    def waits(self) -> bool:
        """Whether the answer is still to come."""
        return self._done is not None

    def answer(self, answer: Consulted) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(answer)

    def abandon(self) -> None:
        self._done = None

    def pause(self) -> None:
        """Nothing is being written to the client yet."""

    def resume(self) -> None:
        """Nothing is being written to the client yet."""


class Batch:
    """What one run of the script does. All keys of a batch for a Cluster start with the same tag."""

    __slots__ = ("charges", "consults", "mark", "number")

    def __init__(self, number: int, mark: bytes) -> None:
        self.number = number
        self.mark = mark  # the key of the mark
        self.charges: list[Count] = []
        self.consults: list[Waiting] = []

    def written(self, now: float) -> tuple[list[bytes], list[bytes]]:
        """The script's keys and arguments."""
        keys = [self.mark]
        arguments = [b"%d" % self.number, b"%d" % MARK_MILLISECONDS, b"%d" % len(self.charges)]
        arguments += (b"%d" % len(self.consults), b"1" if self._adds() else b"0")
        for charge in self.charges:
            keys += _names(charge)
            arguments += (_text(charge.amount), _life(charge, now))
        for waiting in self.consults:
            counts = waiting.consult.counts
            arguments.append(b"%d" % len(counts))
            for count in counts:
                keys += _names(count)
                arguments += (_text(count.amount), _text(count.limit), _text(count.weight), _life(count, now))
        return keys, arguments

    def _adds(self) -> bool:
        """Whether running it twice would count twice."""
        asked = (count for waiting in self.consults for count in waiting.consult.counts)
        return any(count.amount for count in self.charges) or any(count.amount for count in asked)

    def read(self, reply: Sequence[bytes]) -> tuple[list[tuple[float, float]], list[Consulted]]:
        """Of each charge (current, previous) after it, and the answer to each consult."""
        numbers = iter(reply)
        totals = [(float(next(numbers)), float(next(numbers))) for _ in self.charges]
        answers = []
        for waiting in self.consults:
            found = [(float(next(numbers)), float(next(numbers))) for _ in waiting.consult.counts]
            answers.append(Consulted(next(numbers) == b"1", found))
        return totals, answers


def tag_of(key: bytes) -> bytes:
    """The part of a key that decides which node of a Cluster has it."""
    return key[: key.index(b"}") + 1]


def _names(count: Count) -> tuple[bytes, bytes]:
    return (
        b"%b%b:%d" % (PREFIX, count.key, count.window),
        b"%b%b:%d" % (PREFIX, count.key, count.window - 1),
    )


def _life(count: Count, now: float) -> bytes:
    """Milliseconds a count is kept: a length of time, so that nobody's clock but Redis's own matters."""
    return b"%d" % max(1000, (count.expires - now) * 1000)


def _text(amount: float) -> bytes:
    return repr(float(amount)).encode()
