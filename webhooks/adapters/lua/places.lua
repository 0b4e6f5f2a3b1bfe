-- Stands after prelude.lua: the gate of an endpoint, and the moves from place to place.

-- What the moves ask of an endpoint, read once in a run: what a run writes of it, it writes before, or as reserve_start does.
local looked = {}
local function look(endpoint)
  local e = looked[endpoint]
  if not e then
    e = fields(K.endpoint .. endpoint, 'max_in_flight', 'streak', 'breaker', 'breaker_until_us', 'rate_interval_us',
      'rate_published_ahead_us', 'reserved_us', 'ordered', 'host', 'timeout_us')
    e.id, looked[endpoint] = endpoint, e
  end
  return e
end

-- When the first slot ends, where as many are taken as there are; else nil. In-flight slots are a sorted set scored by when
-- each ends; ended ones do not count, and are looked for where room depends on them. `own`: a delivery that holds one already.
local function full_until(endpoint, cap, own)
  local slots = K.in_flight .. endpoint
  if redis.call('ZCARD', slots) < cap then return nil end
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', NOW)
  local held = redis.call('ZCARD', slots)
  if own and redis.call('ZSCORE', slots, own) then held = held - 1 end
  return held >= cap and tonumber(redis.call('ZRANGE', slots, 0, 0, 'WITHSCORES')[2]) or nil
end

-- Why the endpoint takes nothing more now, and when to look again; nil where it does. `own`: a delivery that is to start
-- now, so that the rate of starts counts (tat_us); else the rate at which they are published does (reserved_us).
local function gate(e, own)
  local probing = e.breaker and e.breaker ~= 'closed'
  if probing and NOW < tonumber(e.breaker_until_us) then return 'breaker', tonumber(e.breaker_until_us) end
  local cap = probing and 1 or math.min(tonumber(e.max_in_flight) or 1, 1 + (tonumber(e.streak) or 0))
  local full = full_until(e.id, cap, own)
  if full then return probing and 'breaker' or 'in_flight_cap', full end
  if (tonumber(e.rate_interval_us) or 0) > 0 then
    local next_us, ahead_us = e.reserved_us, e.rate_published_ahead_us
    if own then next_us, ahead_us = e.tat_us, e.rate_ahead_us end
    local free_at = math.max(tonumber(next_us) or 0, NOW) - tonumber(ahead_us)
    if free_at > NOW then return 'rate_limit', free_at end
  end
  return nil
end

-- How many of the tenant's are in published now.
local function on_conveyor(d, by)
  local tenants = K.conveyor .. lane_of(d.endpoint_id)
  local published = redis.call('HINCRBY', tenants, d.tenant, by)
  if published <= 0 then redis.call('HDEL', tenants, d.tenant) end
  return published
end

-- A tenant that has many on the conveyor lets those of others go first: its further messages yield.
local function remind(id, d, published)
  local e = look(d.endpoint_id)
  local yields = published > P.unyielding
  if yields then redis.call('HSET', K.delivery .. id, 'yields', '1') end
  table.insert(reminders, { id, tonumber(d.attempts) + 1, tonumber(d.retries_used), d.event_type, e.host or '',
    tonumber(e.timeout_us) or 0, yields and 1 or 0 })
end

local function facts(id)
  return fields(K.delivery .. id, 'endpoint_id', 'attempts', 'retries_used', 'event_type', 'tenant', 'sequence', 'trigger',
    'ordering_key')
end

-- The places. A delivery that is not final is in exactly one.

-- Published as fast as the rate limit will let them start: no message for one that would only be sent back to wait.
local function reserve_start(d, by)
  local e = look(d.endpoint_id)
  local interval = tonumber(e.rate_interval_us) or 0
  if interval == 0 or d.trigger == 'test' then return end
  e.reserved_us = math.max(tonumber(e.reserved_us) or 0, NOW) + by * interval
  redis.call('HSET', K.endpoint .. d.endpoint_id, 'reserved_us', e.reserved_us)
end

-- `reserved`: its start was reserved when it was let go, before it stood in ready.
local function publish(id, d, reserved)
  local published = on_conveyor(d, redis.call('ZADD', K.published .. lane_of(d.endpoint_id), NOW, id))
  redis.call('ZADD', K.in_flight .. d.endpoint_id, NOW + P.reserve_us, id)
  if not reserved then reserve_start(d, 1) end
  remind(id, d, published)
end

-- What a delivery has from the conveyor goes when it leaves it; finish() lets go of the same.
local function drop_publishing(key, d, ...)
  drop(key, d, 'publishes', 'published_us', 'ready_us', 'yields', ...)
end

local readied = false -- whether anything was put into ready in this run

local function make_ready(id, d, kind)
  local ready = K.ready .. lane_of(d.endpoint_id) .. ':' .. kind
  local turn = redis.call('GET', K.turn .. lane_of(d.endpoint_id)) or 0
  redis.call('ZADD', ready .. ':' .. d.tenant, d.sequence, id)
  redis.call('ZADD', ready, 'NX', turn, d.tenant)
  redis.call('HSET', K.delivery .. id, 'ready_us', NOW)
  readied = true
end

-- How many wait for their endpoint, in all lists and lines: what entered less what left.
local function count_waiting(by)
  if by ~= 0 then redis.call('INCRBY', K.waiting_count, by) end
end

local function wait(id, d, why, wake_at)
  count_waiting(redis.call('ZADD', K.waiting .. d.endpoint_id, d.sequence, id))
  redis.call('HSET', K.delivery .. id, 'waiting_for', why)
  redis.call('ZADD', K.due, wake_at or NOW, 'ep:' .. d.endpoint_id)
end

-- Why it may not go now: others wait already, or the gate is closed.
local function must_wait(d)
  local why, wake_at = gate(look(d.endpoint_id))
  if why then return why, wake_at end
  if redis.call('EXISTS', K.waiting .. d.endpoint_id) == 1 then return 'in_flight_cap', NOW end
  return nil
end

-- To the conveyor if the endpoint takes it and nobody waits already, or if it holds a slot, having been let go before;
-- else to the endpoint's waiting list.
local function admit(id, d)
  if tonumber(redis.call('ZSCORE', K.in_flight .. d.endpoint_id, id) or 0) > NOW then
    publish(id, d, true)
    return true
  end
  local why, wake_at = must_wait(d)
  if why then
    wait(id, d, why, wake_at)
    return false
  end
  publish(id, d)
  return true
end

-- An ordered endpoint has a line for each ordering key: one head goes through its attempts, the others stand behind it.
-- True where it has to stand.
local function stand_in_line(id, d)
  if d.trigger == 'test' or look(d.endpoint_id).ordered ~= '1' then return false end
  local line = d.ordering_key or ''
  local head = redis.call('HGET', K.heads .. d.endpoint_id, line)
  if not head or head == id then
    redis.call('HSET', K.heads .. d.endpoint_id, line, id)
    redis.call('HSET', K.delivery .. id, 'head_since', now_rfc3339())
    return false
  end
  count_waiting(redis.call('ZADD', K.line .. d.endpoint_id .. ':' .. line, d.sequence, id))
  redis.call('SADD', K.lines .. d.endpoint_id, line)
  redis.call('HSET', K.delivery .. id, 'waiting_for', 'order')
  return true
end

-- After the head is through: the next of its line is admitted. Whoever became a head has `head_since`.
local function next_in_line(id, d)
  if not d.head_since then return end
  local line = d.ordering_key or ''
  if redis.call('HGET', K.heads .. d.endpoint_id, line) ~= id then return end
  local standing = K.line .. d.endpoint_id .. ':' .. line
  local next_id = redis.call('ZPOPMIN', standing)[1]
  if redis.call('EXISTS', standing) == 0 then redis.call('SREM', K.lines .. d.endpoint_id, line) end
  if not next_id then
    redis.call('HDEL', K.heads .. d.endpoint_id, line)
    return
  end
  count_waiting(-1)
  redis.call('HSET', K.heads .. d.endpoint_id, line, next_id)
  redis.call('HDEL', K.delivery .. next_id, 'waiting_for')
  redis.call('HSET', K.delivery .. next_id, 'head_since', now_rfc3339())
  admit(next_id, facts(next_id))
end

-- Where one begins that was accepted or replayed: the window may be full, or others of its tenant be ready before it.
-- A test send stands outside of order, limits and breaker.
local function place(id, d)
  if d.trigger == 'test' then
    publish(id, d)
    return
  end
  if stand_in_line(id, d) then return end
  local lane = lane_of(d.endpoint_id)
  local behind = redis.call('ZCARD', K.published .. lane) >= P.windows[lane]
    or redis.call('EXISTS', K.ready .. lane .. ':fresh:' .. d.tenant) == 1
  local why, wake_at = must_wait(d)
  if why then
    wait(id, d, why, wake_at)
  elseif behind then
    make_ready(id, d, 'fresh')
  else
    publish(id, d)
  end
end

-- Where one begins that is recovered: behind everything fresh of its tenant.
local function place_behind(id, d)
  if not stand_in_line(id, d) then make_ready(id, d, 'retry') end
end

-- Lets as many of those that wait for this endpoint go as it takes. While any is left, exactly one ep:<id> stands in due.
-- Where the window is full or anything stands in ready they hold their slots there: how many wait for one endpoint must not
-- keep out other tenants, whose turn it is as well.
local function release_waiting(endpoint)
  local waiting = K.waiting .. endpoint
  if redis.call('EXISTS', waiting) == 0 then return end
  repeat
    local why, wake_at = gate(look(endpoint))
    if why then
      redis.call('ZADD', K.due, wake_at or NOW, 'ep:' .. endpoint)
      return
    end
    local id = redis.call('ZPOPMIN', waiting)[1]
    local d, lane = facts(id), lane_of(endpoint)
    count_waiting(-1)
    redis.call('HDEL', K.delivery .. id, 'waiting_for')
    local free = redis.call('ZCARD', K.published .. lane) < P.windows[lane]
    if free and redis.call('EXISTS', K.ready .. lane .. ':fresh', K.ready .. lane .. ':retry') == 0 then
      publish(id, d)
    else
      redis.call('ZADD', K.in_flight .. endpoint, NOW + P.reserve_us, id)
      reserve_start(d, 1)
      make_ready(id, d, tonumber(d.retries_used) > 0 and 'retry' or 'fresh')
    end
  until redis.call('EXISTS', waiting) == 0
  redis.call('ZREM', K.due, 'ep:' .. endpoint)
end

local function take_out(id, d)
  local lane = lane_of(d.endpoint_id)
  if redis.call('ZREM', K.published .. lane, id) == 1 then on_conveyor(d, -1) end
  redis.call('ZREM', K.claimed, id)
  redis.call('ZREM', K.due, id)
  redis.call('ZREM', K.ready .. lane .. ':fresh:' .. d.tenant, id)
  redis.call('ZREM', K.ready .. lane .. ':retry:' .. d.tenant, id)
  redis.call('ZREM', K.in_flight .. d.endpoint_id, id)
  count_waiting(-redis.call('ZREM', K.line .. d.endpoint_id .. ':' .. (d.ordering_key or ''), id))
  if redis.call('ZREM', K.waiting .. d.endpoint_id, id) == 1 then
    count_waiting(-1)
    if redis.call('EXISTS', K.waiting .. d.endpoint_id) == 0 then redis.call('ZREM', K.due, 'ep:' .. d.endpoint_id) end
  end
end

local function hungry(lane)
  if redis.call('ZCARD', K.published .. lane) * 2 > P.windows[lane] then return 0 end
  return redis.call('EXISTS', K.ready .. lane .. ':fresh', K.ready .. lane .. ':retry') > 0 and 1 or 0
end
