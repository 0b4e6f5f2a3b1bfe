"""Many deliveries made from one: its keys copied under new ids, with every index entry that such a one has."""

from typing import Any

from bench.stack import Stack

AT_ONCE = 2000
SPACING_US = 1000
"""Between two copies' creation times, backwards from the original's."""

COPY = """
-- ARGV: event id, endpoint id, tenant, first number, count, group, due (µs; 0: not in due), spacing (µs)
local event, endpoint, tenant, first, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local group, due, spacing = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local from = event .. ':' .. endpoint
local created = tonumber(redis.call('HGET', 'delivery:' .. from, 'created_us'))
for number = first, first + count - 1 do
  local copy = string.format('%s-%07d', event, number)
  local id = copy .. ':' .. endpoint
  local at = string.format('%.0f', created - number * spacing)
  for _, prefix in ipairs({ 'event:', 'body:', 'owed:' }) do
    redis.call('COPY', prefix .. tenant .. ':' .. event, prefix .. tenant .. ':' .. copy)
  end
  redis.call('HSET', 'event:' .. tenant .. ':' .. copy, 'id', copy)
  redis.call('COPY', 'delivery:' .. from, 'delivery:' .. id)
  redis.call('COPY', 'attempts:' .. from, 'attempts:' .. id)
  redis.call('HSET', 'delivery:' .. id, 'event_id', copy, 'created_us', at)
  redis.call('ZADD', 'events:' .. tenant, at, copy)
  for _, scope in ipairs({ 'tenant:' .. tenant, 'endpoint:' .. endpoint }) do
    redis.call('ZADD', 'index:' .. scope .. ':all', at, id)
    redis.call('ZADD', 'index:' .. scope .. ':' .. group, at, id)
  end
  if due > 0 then redis.call('ZADD', 'due', due, id) end
end
"""


def multiply(stack: Stack, delivery: dict[str, Any], count: int, *, first: int = 1, due_us: int = 0) -> None:
    """`count` more like this one; with `due_us` they are retries, due then."""
    client = stack.valkey.client
    script = client.register_script(COPY)
    group = "unfinished" if due_us else "delivered"
    for start in range(first, first + count, AT_ONCE):
        size = min(AT_ONCE, first + count - start)
        head = [delivery["event_id"], delivery["endpoint_id"], delivery["tenant"]]
        script(args=[*head, start, size, group, due_us, SPACING_US])


def forget_the_file(stack: Stack) -> None:
    """The server keeps data in memory only: what is seeded would fill the disk, and nothing restarts here."""
    stack.valkey.client.config_set("appendonly", "no")
