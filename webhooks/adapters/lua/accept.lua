-- Keeps an event, its deliveries and their places, all or nothing.
-- ARGV[1]  A: tenant, id, type, occurred_at, digest, call, version, trigger, given (the caller chose the id), recipients = {{endpoint id, 1|0}, …},
--          optional: key (idempotency), key_ttl_ms, channels and endpoint_ids (JSON), ordering_key, source_id
-- ARGV[2]  body
-- Answers  {verdict, event id, reminders}

local name = A.tenant .. ':' .. A.id

local function answer(verdict, id)
  return { verdict, id, reminders }
end

local function compare(known, mismatch)
  local kept = redis.call('HMGET', K.event .. A.tenant .. ':' .. known, 'digest', 'call')
  if kept[2] == A.call then return answer('kept', known) end
  return answer(kept[1] == A.digest and 'duplicate' or mismatch, known)
end

if A.key then
  local known = redis.call('GET', K.idempotency .. A.tenant .. ':' .. A.key)
  if known and redis.call('EXISTS', K.event .. A.tenant .. ':' .. known) == 1 then
    if A.given and known ~= A.id then return answer('conflict', known) end
    return compare(known, 'idempotency_mismatch')
  end
end
if redis.call('EXISTS', K.event .. name) == 1 then
  return compare(A.id, 'conflict')
end
if tonumber(redis.call('GET', K.version .. A.tenant) or 0) ~= A.version then return answer('stale', A.id) end

local owed = 0
for _, recipient in ipairs(A.recipients) do owed = owed + recipient[2] end
local sequence = redis.call('INCRBY', K.sequence, math.max(1, #A.recipients)) - #A.recipients

redis.call('HSET', K.event .. name, 'id', A.id, 'tenant', A.tenant, 'type', A.type, 'occurred_at', A.occurred_at,
  'created_at', NOW_TEXT, 'digest', A.digest, 'call', A.call, 'unfinished', owed, 'deliveries', owed,
  'skipped', #A.recipients - owed)
for _, field in ipairs({ 'channels', 'endpoint_ids', 'ordering_key', 'source_id' }) do
  if A[field] then redis.call('HSET', K.event .. name, field, A[field]) end
end
redis.call('SET', K.body .. name, ARGV[2])
redis.call('ZADD', K.events .. A.tenant, NOW, A.id)
redis.call('SADD', K.tenants, A.tenant)
if A.key then redis.call('SET', K.idempotency .. A.tenant .. ':' .. A.key, A.id, 'PX', A.key_ttl_ms) end

for i, recipient in ipairs(A.recipients) do
  local endpoint, enabled = recipient[1], recipient[2] == 1
  local id = A.id .. ':' .. endpoint
  local d = {
    event_id = A.id, event_type = A.type, endpoint_id = endpoint, tenant = A.tenant, trigger = A.trigger,
    status = enabled and 'pending' or 'skipped', attempts = 0, retries_used = 0, replays = 0,
    sequence = int(sequence + i), created_us = int(NOW + i - 1), began_us = int(NOW + i - 1), created_at = NOW_TEXT,
    updated_at = NOW_TEXT, ordering_key = A.ordering_key,
  }
  local flat = {}
  for field, value in pairs(d) do
    table.insert(flat, field)
    table.insert(flat, value)
  end
  redis.call('HSET', K.delivery .. id, unpack(flat))
  redis.call('RPUSH', K.owed .. name, endpoint)
  regroup(id, d, nil, 'all')
  if enabled then
    regroup(id, d, nil, 'unfinished')
    place(id, d)
  else
    redis.call('HSET', K.delivery .. id, 'reason', 'endpoint_disabled', 'finished_at', NOW_TEXT)
    regroup(id, d, nil, 'failed')
  end
end
if owed == 0 then expire_event(name) end
count('events')
return answer('kept', A.id)
