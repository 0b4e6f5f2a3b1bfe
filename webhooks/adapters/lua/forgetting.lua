-- Stands before trim.lua, delete_endpoint.lua and delete_tenant.lua: how what was kept goes.

-- What is left of a deleted endpoint: it lasts as long as any delivery of it.
local function entomb(endpoint)
  local key = K.endpoint .. endpoint
  local kept = redis.call('HMGET', key, 'tenant', 'host', 'revision')
  redis.call('DEL', key)
  redis.call('HSET', key, 'id', endpoint, 'tenant', kept[1], 'host', kept[2] or '', 'deleted', now_rfc3339(), 'cut_us', int(NOW),
    'cut_reason', 'endpoint_deleted', 'revision', kept[3])
  redis.call('HDEL', K.breakers, endpoint)
  redis.call('ZREM', K.failing, endpoint)
  redis.call('UNLINK', K.recent .. endpoint)
  local hour = math.floor(NOW / 3600000000) -- as recent.lua counts it
  redis.call('ZREM', K.slow .. int(hour), endpoint)
  redis.call('ZREM', K.slow .. int(hour - 1), endpoint)
  redis.call('ZREM', K.endpoints .. kept[1], endpoint)
end

local function bury(endpoint)
  if redis.call('EXISTS', K.index .. 'endpoint:' .. endpoint .. ':all') == 1 then return end
  if redis.call('HEXISTS', K.endpoint .. endpoint, 'deleted') == 0 then return end
  for _, kind in ipairs({ 'cancel_endpoint:', 'free_lines:' }) do
    redis.call('ZREM', K.due, 'job:' .. kind .. endpoint)
    redis.call('UNLINK', K.job .. kind .. endpoint)
  end
  redis.call('ZREM', K.due, 'ep:' .. endpoint)
  for _, prefix in ipairs({ K.endpoint, K.health, K.in_flight, K.heads, K.lines, K.waiting }) do
    redis.call('UNLINK', prefix .. endpoint)
  end
end

local function forget_delivery(id, tenant, endpoint)
  local d = facts(id)
  d.tenant, d.endpoint_id = tenant, endpoint
  take_out(id, d)
  for _, group in ipairs({ 'all', 'unfinished', 'delivered', 'failed' }) do
    redis.call('ZREM', K.index .. 'tenant:' .. tenant .. ':' .. group, id)
    redis.call('ZREM', K.index .. 'endpoint:' .. endpoint .. ':' .. group, id)
  end
  redis.call('UNLINK', K.delivery .. id, K.attempts .. id)
  bury(endpoint)
end

-- The event with all that hangs on it, but at most so many deliveries of it. Answers how many things went, and whether
-- the event did.
local function forget_event(name, most)
  local tenant, event_id = string.match(name, '^([^:]*):(.*)$')
  local fanout = 'fanout:' .. name
  redis.call('ZREM', K.due, 'job:' .. fanout)
  redis.call('UNLINK', K.job .. fanout, K.fanout .. name)
  local step = redis.call('LPOP', K.owed .. name, most) or {}
  for _, endpoint in ipairs(step) do forget_delivery(event_id .. ':' .. endpoint, tenant, endpoint) end
  if redis.call('EXISTS', K.owed .. name) == 1 then return #step, false end
  local used = redis.call('HGET', K.event .. name, 'idempotency_key')
  if used and redis.call('GET', K.idempotency .. tenant .. ':' .. used) == event_id then
    redis.call('DEL', K.idempotency .. tenant .. ':' .. used)
  end
  redis.call('UNLINK', K.event .. name, K.body .. name)
  redis.call('ZREM', K.events .. tenant, event_id)
  redis.call('ZREM', K.expiring, name)
  return #step + 1, true
end

local function forget_tenant_without_things(tenant)
  if redis.call('EXISTS', K.events .. tenant, K.endpoints .. tenant, K.tenant .. tenant, K.api_keys .. tenant) == 0 then
    redis.call('ZREM', K.tenants, tenant)
  end
end
