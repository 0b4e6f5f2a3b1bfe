-- Stands before every script, after the table K of key prefixes (keys.py). Keys are made here from
-- their parts, so KEYS is empty everywhere: Redis Cluster is not supported.
-- ARGV[1]  msgpack map A; A.policy holds the numbers that every script may need:
--   reserve_us    how long a published delivery holds its slot
--   windows       {deliveries=…, handlers=…}: the most that may be published and not yet claimed
--   retention_ms  how long a finished event is kept
-- Times are microseconds of the server's clock; readable copies in hashes are RFC 3339.

local A = cmsgpack.unpack(ARGV[1])
local P = A.policy
local FINAL = { delivered = 'delivered', exhausted = 'failed', cancelled = 'failed', skipped = 'failed' }
local reminders = {} -- {delivery id, attempt, retries used, event type, host}: what the caller publishes

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2] + (tonumber(redis.call('GET', K.offset)) or 0)
end

local NOW = now_us()

local function int(number)
  return string.format('%.0f', number)
end

-- Days since 1970 to a date: the proleptic Gregorian calendar in eras of 400 years from 1 March.
local function civil(days)
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local day_of_era = shifted - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
    - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local shifted_month = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * shifted_month + 2) / 5) + 1
  local month = shifted_month < 10 and shifted_month + 3 or shifted_month - 9
  return year_of_era + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function rfc3339(us)
  local seconds = math.floor(us / 1000000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local year, month, day = civil(days)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, math.floor(rest / 3600),
    math.floor(rest % 3600 / 60), rest % 60, math.floor((us - seconds * 1000000) / 1000))
end

local NOW_TEXT = rfc3339(NOW)

local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function lane_of(endpoint)
  return string.sub(endpoint, 1, 3) == 'fn_' and 'handlers' or 'deliveries'
end

local function event_key(d)
  return d.tenant .. ':' .. d.event_id
end

-- Stopping: disabled, deleted, or was so at some time since this run of the delivery began.
local function stop_reason(d)
  local e = redis.call('HMGET', K.endpoint .. d.endpoint_id, 'enabled', 'deleted', 'cut_us', 'cut_reason')
  if e[2] or not e[1] then return 'endpoint_deleted' end
  if d.trigger == 'test' then return nil end
  if e[1] ~= '1' or tonumber(d.began_us) <= (tonumber(e[3]) or 0) then
    return e[4] == 'gone' and 'gone' or 'endpoint_disabled'
  end
  return nil
end

-- In-flight slots: a sorted set scored by when each ends; ended ones do not count.
local function slot_free(endpoint)
  local slots = K.in_flight .. endpoint
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', NOW)
  local limits = redis.call('HMGET', K.endpoint .. endpoint, 'max_in_flight', 'streak')
  local cap = math.min(tonumber(limits[1]) or 1, 1 + (tonumber(limits[2]) or 0))
  return redis.call('ZCARD', slots) < cap
end

local function remind(id, d)
  local host = redis.call('HGET', K.endpoint .. d.endpoint_id, 'host') or ''
  table.insert(reminders, { id, tonumber(d.attempts) + 1, tonumber(d.retries_used), d.event_type, host })
end

local function facts(id)
  local f = redis.call('HMGET', K.delivery .. id, 'endpoint_id', 'attempts', 'retries_used', 'event_type', 'tenant',
    'sequence')
  return { endpoint_id = f[1], attempts = f[2], retries_used = f[3], event_type = f[4], tenant = f[5], sequence = f[6] }
end

-- The places. A delivery that is not final is in exactly one.

local function publish(id, d)
  redis.call('ZADD', K.published .. lane_of(d.endpoint_id), NOW, id)
  redis.call('ZADD', K.in_flight .. d.endpoint_id, NOW + P.reserve_us, id)
  redis.call('HDEL', K.delivery .. id, 'publishes')
  remind(id, d)
end

local function make_ready(id, d, kind)
  local ready = K.ready .. lane_of(d.endpoint_id) .. ':' .. kind
  local turn = redis.call('GET', K.turn .. lane_of(d.endpoint_id)) or 0
  redis.call('ZADD', ready .. ':' .. d.tenant, d.sequence, id)
  redis.call('ZADD', ready, 'NX', turn, d.tenant)
end

-- While something waits exactly one ep:<id> stands in due, at the moment when the next slot ends.
local function plan_wake_up(endpoint)
  if redis.call('EXISTS', K.waiting .. endpoint) == 0 then
    redis.call('ZREM', K.due, 'ep:' .. endpoint)
    return
  end
  local first = redis.call('ZRANGE', K.in_flight .. endpoint, 0, 0, 'WITHSCORES')
  redis.call('ZADD', K.due, first[2] or NOW, 'ep:' .. endpoint)
end

local function wait(id, d, why)
  redis.call('ZADD', K.waiting .. d.endpoint_id, d.sequence, id)
  redis.call('HSET', K.delivery .. id, 'waiting_for', why)
  plan_wake_up(d.endpoint_id)
end

local function must_wait(d)
  return redis.call('EXISTS', K.waiting .. d.endpoint_id) == 1 or not slot_free(d.endpoint_id)
end

-- To the conveyor if a slot is free and nobody waits for one already; else to the endpoint's waiting list.
local function admit(id, d)
  if must_wait(d) then
    wait(id, d, 'in_flight_cap')
    return false
  end
  publish(id, d)
  return true
end

-- Where one begins that was accepted or replayed: the window may be full, or others of its tenant be ready before it.
local function place(id, d)
  local lane = lane_of(d.endpoint_id)
  local behind = redis.call('ZCARD', K.published .. lane) >= P.windows[lane]
    or redis.call('EXISTS', K.ready .. lane .. ':fresh:' .. d.tenant) == 1
  if behind and not must_wait(d) then
    make_ready(id, d, 'fresh')
    return
  end
  admit(id, d)
end

-- Lets as many of those that wait for this endpoint go as there are free slots.
local function release_waiting(endpoint)
  if redis.call('EXISTS', K.waiting .. endpoint) == 0 then return end
  while slot_free(endpoint) do
    local id = redis.call('ZPOPMIN', K.waiting .. endpoint)[1]
    if not id then break end
    redis.call('HDEL', K.delivery .. id, 'waiting_for')
    publish(id, facts(id))
  end
  plan_wake_up(endpoint)
end

local function take_out(id, d)
  local lane = lane_of(d.endpoint_id)
  redis.call('ZREM', K.published .. lane, id)
  redis.call('ZREM', K.claimed, id)
  redis.call('ZREM', K.due, id)
  redis.call('ZREM', K.ready .. lane .. ':fresh:' .. d.tenant, id)
  redis.call('ZREM', K.ready .. lane .. ':retry:' .. d.tenant, id)
  redis.call('ZREM', K.in_flight .. d.endpoint_id, id)
  if redis.call('ZREM', K.waiting .. d.endpoint_id, id) == 1 then plan_wake_up(d.endpoint_id) end
end

local function hungry(lane)
  if redis.call('ZCARD', K.published .. lane) * 2 > P.windows[lane] then return 0 end
  return redis.call('EXISTS', K.ready .. lane .. ':fresh', K.ready .. lane .. ':retry') > 0 and 1 or 0
end

-- Indexes and retention.

local function regroup(id, d, from, to)
  for _, scope in ipairs({ 'tenant:' .. d.tenant .. ':', 'endpoint:' .. d.endpoint_id .. ':' }) do
    if from then redis.call('ZREM', K.index .. scope .. from, id) end
    redis.call('ZADD', K.index .. scope .. to, d.created_us, id)
  end
end

local function each_key_of_event(name, call)
  for _, prefix in ipairs({ K.event, K.body, K.owed }) do call(prefix .. name) end
  local event_id = string.match(name, ':(.*)$')
  for _, endpoint in ipairs(redis.call('LRANGE', K.owed .. name, 0, -1)) do
    call(K.delivery .. event_id .. ':' .. endpoint)
    call(K.attempts .. event_id .. ':' .. endpoint)
  end
end

local function expire_event(name)
  each_key_of_event(name, function(key) redis.call('PEXPIRE', key, P.retention_ms) end)
end

local function keep_event(name)
  each_key_of_event(name, function(key) redis.call('PERSIST', key) end)
end

-- Final: d as it was before. The caller has taken it out of its place.
local function finish(id, d, status, reason)
  local key = K.delivery .. id
  redis.call('HSET', key, 'status', status, 'updated_at', NOW_TEXT, 'finished_at', NOW_TEXT)
  redis.call('HDEL', key, 'next_attempt_at', 'waiting_for', 'cancel_asked')
  if reason then redis.call('HSET', key, 'reason', reason) end
  regroup(id, d, FINAL[d.status] or 'unfinished', FINAL[status])
  if redis.call('HINCRBY', K.event .. event_key(d), 'unfinished', -1) <= 0 then expire_event(event_key(d)) end
end

-- Disable with a reason: from this write on no claim wins; a job cancels what waits.
local function stop_endpoint(endpoint, reason)
  redis.call('HSET', K.endpoint .. endpoint, 'enabled', '0', 'disabled_reason', reason, 'disabled_at', NOW_TEXT,
    'cut_us', int(NOW), 'cut_reason', reason, 'updated_at', NOW_TEXT)
  redis.call('HINCRBY', K.endpoint .. endpoint, 'revision', 1)
  redis.call('INCR', K.version .. redis.call('HGET', K.endpoint .. endpoint, 'tenant'))
end

local function plan_cancelling(endpoint)
  local job = 'cancel_endpoint:' .. endpoint
  redis.call('HSET', K.job .. job, 'kind', 'cancel_endpoint', 'endpoint_id', endpoint, 'cursor', '-inf', 'upto',
    int(NOW), 'done', '0', 'state', 'running')
  redis.call('PERSIST', K.job .. job)
  redis.call('ZADD', K.due, NOW, 'job:' .. job)
end

-- One delivery of an event, placed; or, where the endpoint is disabled, skipped.
-- e: id, tenant, type, trigger, ordering_key, at (µs of the acceptance)
local function keep_delivery(e, endpoint, enabled, sequence)
  local id = e.id .. ':' .. endpoint
  local created = int(math.max(NOW, e.at) + sequence % 1000) -- apart, so that indexes have an order
  local d = {
    event_id = e.id, event_type = e.type, endpoint_id = endpoint, tenant = e.tenant, trigger = e.trigger,
    status = enabled and 'pending' or 'skipped', attempts = 0, retries_used = 0, replays = 0, sequence = int(sequence),
    created_us = created, began_us = int(e.at), created_at = NOW_TEXT, updated_at = NOW_TEXT,
    ordering_key = e.ordering_key,
  }
  local flat = {}
  for field, value in pairs(d) do
    table.insert(flat, field)
    table.insert(flat, value)
  end
  redis.call('HSET', K.delivery .. id, unpack(flat))
  redis.call('RPUSH', K.owed .. event_key(d), endpoint)
  regroup(id, d, nil, 'all')
  regroup(id, d, nil, enabled and 'unfinished' or 'failed')
  if enabled then
    place(id, d)
  else
    redis.call('HSET', K.delivery .. id, 'reason', 'endpoint_disabled', 'finished_at', NOW_TEXT)
  end
end

local function count(name, by)
  redis.call('HINCRBY', K.flow, name, by or 1)
end
