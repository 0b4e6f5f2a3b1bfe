-- Stands after places.lua: how deliveries begin and end, in their indexes and with their event.

local function regroup(id, d, from, to)
  local of_tenant, of_endpoint = K.index .. 'tenant:' .. d.tenant .. ':', K.index .. 'endpoint:' .. d.endpoint_id .. ':'
  if from then
    redis.call('ZREM', of_tenant .. from, id)
    redis.call('ZREM', of_endpoint .. from, id)
  end
  redis.call('ZADD', of_tenant .. to, d.created_us, id)
  redis.call('ZADD', of_endpoint .. to, d.created_us, id)
end

-- How long a finished event is kept: as it was accepted with, else as its type is at its tenant, else as the tenant's
-- are, else the installation's.
local function retention_us(name)
  local event = redis.call('HMGET', K.event .. name, 'retention_ms', 'type')
  if event[1] then return tonumber(event[1]) * 1000 end
  local own = redis.call('HMGET', K.tenant .. string.match(name, '^[^:]*'), 'retention_us:' .. event[2], 'retention_us')
  return tonumber(own[1] or own[2]) or P.retention_ms * 1000
end

-- The event, its deliveries and their places in the indexes go together, by the job trim.lua.
local function expire_event(name)
  local at = NOW + retention_us(name)
  redis.call('ZADD', K.expiring, at, name)
  redis.call('ZADD', K.due, 'LT', at, 'job:trim')
end

local function keep_event(name)
  redis.call('ZREM', K.expiring, name)
end

-- Final: d as it was before. The caller has taken it out of its place, and may have more fields to be written.
local function finish(id, d, status, reason, more)
  local key, written = K.delivery .. id, more or {}
  if reason then written[#written + 1], written[#written + 2] = 'reason', reason end
  redis.call('HSET', key, 'status', status, 'updated_at', now_rfc3339(), 'finished_at', now_rfc3339(), unpack(written))
  drop_publishing(key, d, 'claimed_at', 'next_attempt_at', 'waiting_for', 'cancel_asked', 'head_since')
  if status ~= 'delivered' and lane_of(d.endpoint_id) == 'deliveries' then count(status) end
  regroup(id, d, FINAL[d.status] or 'unfinished', FINAL[status])
  if redis.call('HINCRBY', K.event .. event_key(d), 'unfinished', -1) <= 0 then expire_event(event_key(d)) end
  next_in_line(id, d)
end

-- A final delivery is pending again with a full budget; false where its endpoint is stopped. `put` finds it a place.
local function send_again(id, d, put)
  local key, from = K.delivery .. id, FINAL[d.status]
  d.began_us, d.trigger, d.status, d.retries_used = int(NOW), 'replay', 'pending', 0
  if stop_reason(d) then return false end
  d.sequence = redis.call('INCR', K.sequence) -- the end of the line

  redis.call('HSET', key, 'status', 'pending', 'trigger', 'replay', 'retries_used', 0, 'replays', tonumber(d.replays) + 1,
    'began_us', d.began_us, 'sequence', d.sequence, 'updated_at', now_rfc3339())
  redis.call('HDEL', key, 'finished_at', 'reason', 'token', 'recovery')
  redis.call('HINCRBY', K.event .. event_key(d), 'unfinished', 1)
  keep_event(event_key(d))
  regroup(id, d, from, 'unfinished')
  put(id, d)
  return true
end

local function count_delivered(d)
  if lane_of(d.endpoint_id) ~= 'handlers' then
    count('delivered')
    return
  end
  count('handlers.done')
  if redis.call('HGET', K.event .. event_key(d), 'own') == '1' then count('handlers.done_own') end
end

-- Disable with a reason: from this write on no claim wins; a job cancels what waits. `quietly`: it never was enabled.
local function stop_endpoint(endpoint, reason, quietly)
  redis.call('HSET', K.endpoint .. endpoint, 'enabled', '0', 'disabled_reason', reason, 'disabled_at', now_rfc3339(),
    'cut_us', int(NOW), 'cut_reason', reason, 'updated_at', now_rfc3339())
  redis.call('HINCRBY', K.endpoint .. endpoint, 'revision', 1)
  local tenant = redis.call('HGET', K.endpoint .. endpoint, 'tenant')
  redis.call('INCR', K.version .. tenant)
  if quietly then return end
  count('endpoints.disabled')
  notice('endpoint.disabled', { tenant = tenant, endpoint_id = endpoint }, { reason = reason })
end

-- Background work: a step is over, and the job with it, or the next one is due at once.
local function end_job(job)
  redis.call('HSET', K.job .. job, 'state', 'done')
  redis.call('PEXPIRE', K.job .. job, A.done_ttl_ms)
  redis.call('ZREM', K.due, 'job:' .. job)
end

local function continue_job(job)
  redis.call('ZADD', K.due, NOW, 'job:' .. job)
end

local function plan_cancelling(endpoint)
  local job = 'cancel_endpoint:' .. endpoint
  redis.call('HSET', K.job .. job, 'kind', 'cancel_endpoint', 'endpoint_id', endpoint, 'cursor', '-inf', 'upto',
    int(NOW), 'done', '0', 'state', 'running')
  redis.call('PERSIST', K.job .. job)
  continue_job(job)
end

-- One delivery of an event, placed; or, where the endpoint is disabled, skipped.
-- e: id, tenant, type, trigger, ordering_key, at (µs of the acceptance); ordering_key: for this delivery alone
local function keep_delivery(e, endpoint, enabled, sequence, ordering_key)
  local id = e.id .. ':' .. endpoint
  local created = math.max(NOW, e.at) + sequence % 1000 -- apart, so that indexes have an order
  local d = {
    event_id = e.id, event_type = e.type, endpoint_id = endpoint, tenant = e.tenant, trigger = e.trigger,
    status = enabled and 'pending' or 'skipped', attempts = 0, retries_used = 0, replays = 0, sequence = sequence,
    created_us = created, began_us = e.at, created_at = now_rfc3339(), updated_at = now_rfc3339(),
    ordering_key = ordering_key or e.ordering_key,
  }
  local flat = {}
  for field, value in pairs(d) do
    flat[#flat + 1], flat[#flat + 2] = field, value
  end
  redis.call('HSET', K.delivery .. id, unpack(flat))
  redis.call('RPUSH', K.owed .. event_key(d), endpoint)
  regroup(id, d, nil, 'all')
  regroup(id, d, nil, enabled and 'unfinished' or 'failed')
  if enabled then
    place(id, d)
  else
    redis.call('HSET', K.delivery .. id, 'reason', 'endpoint_disabled', 'finished_at', now_rfc3339())
  end
end
