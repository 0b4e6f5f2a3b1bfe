-- Keeps an event, its deliveries and their places, all or nothing. Of many recipients the first `inline` get their
-- deliveries here and the others by the job fanout.lua, from the list that is fixed now.
-- ARGV[1]  A: tenant, id, type, occurred_at, digest, call, version, trigger, given (the caller chose the id), recipients = {{endpoint id, 1|0, ordering key or nil}, …}, inline,
--          optional: key (idempotency), key_ttl_ms, channels and endpoint_ids (JSON), ordering_key, source_id, traceparent, retention_ms,
--          types_version (the catalogue's, as it was judged by), warnings (JSON), refused (its data does not fit its type)
-- ARGV[2]  body
-- Answers  {verdict, event id, reminders, created_at where it was kept by this run}

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
local version = tonumber(redis.call('GET', K.version .. A.tenant) or 0)
if version < 0 then return answer('deleting', A.id) end -- the tenant is
if version ~= A.version then return answer('stale', A.id) end
if A.types_version and tonumber(redis.call('GET', K.event_types_version) or 0) ~= A.types_version then
  return answer('stale', A.id)
end
if A.refused then
  redis.call('HINCRBY', K.event_type .. A.type, 'refused_count', 1)
  return answer('refused', A.id)
end
if A.warnings then redis.call('HINCRBY', K.event_type .. A.type, 'warned_count', 1) end

local owed = 0 -- by enabled endpoints
for _, recipient in ipairs(A.recipients) do owed = owed + recipient[2] end
local sequence = redis.call('INCRBY', K.sequence, math.max(1, #A.recipients)) - #A.recipients

local written = { 'id', A.id, 'tenant', A.tenant, 'type', A.type, 'occurred_at', A.occurred_at, 'created_at', now_rfc3339(),
  'digest', A.digest, 'call', A.call, 'unfinished', owed, 'deliveries', owed, 'skipped', #A.recipients - owed }
for _, field in ipairs({ 'channels', 'endpoint_ids', 'ordering_key', 'source_id', 'traceparent', 'retention_ms',
  'warnings' }) do
  if A[field] then written[#written + 1], written[#written + 2] = field, A[field] end
end
if A.key then
  written[#written + 1], written[#written + 2] = 'idempotency_key', A.key
  redis.call('SET', K.idempotency .. A.tenant .. ':' .. A.key, A.id, 'PX', A.key_ttl_ms)
end
redis.call('HSET', K.event .. name, unpack(written))
if string.sub(A.tenant, 1, 3) == 'in.' and redis.call('ZCARD', K.tenants) <= 1000 then
  for _, tenant in ipairs(redis.call('ZRANGE', K.tenants, 0, -1)) do -- was it this installation that sent it?
    if string.sub(tenant, 1, 3) ~= 'in.' and redis.call('EXISTS', K.event .. tenant .. ':' .. A.id) == 1 then
      redis.call('HSET', K.event .. name, 'own', '1')
      local sent = redis.call('HGET', K.event .. tenant .. ':' .. A.id, 'traceparent')
      if sent then redis.call('HSET', K.event .. name, 'traceparent', sent) end -- one trace from end to end
    end
  end
end
redis.call('SET', K.body .. name, ARGV[2])
redis.call('ZADD', K.events .. A.tenant, NOW, A.id)
redis.call('ZADD', K.tenants, 0, A.tenant)

local e = { id = A.id, tenant = A.tenant, type = A.type, trigger = A.trigger, ordering_key = A.ordering_key, at = NOW }
for i = 1, math.min(A.inline, #A.recipients) do
  keep_delivery(e, A.recipients[i][1], A.recipients[i][2] == 1, sequence + i, A.recipients[i][3])
end
if #A.recipients > A.inline then
  local job = 'fanout:' .. name
  for i = A.inline + 1, #A.recipients do
    redis.call('RPUSH', K.fanout .. name, A.recipients[i][2] .. A.recipients[i][1])
  end
  redis.call('HSET', K.job .. job, 'kind', 'fanout', 'tenant', A.tenant, 'event_id', A.id, 'trigger', A.trigger, 'at',
    NOW, 'sequence', sequence + A.inline, 'done', A.inline, 'total', #A.recipients, 'state', 'running')
  continue_job(job)
end
if owed == 0 then expire_event(name) end
if string.sub(A.tenant, 1, 3) ~= 'in.' then count('events') end
return { 'kept', A.id, reminders, now_rfc3339() }
