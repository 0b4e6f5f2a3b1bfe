-- Wins a delivery for one attempt, if it expects this attempt and nobody has it.
-- ARGV[1]  A: id, attempt, token, margin_us (added to the endpoint's timeout for the lease), fields (of the endpoint)
-- Answers  {'won', hungry, reminders, delivery as a flat hash, the endpoint's fields, body, traceparent} or {why not, hungry, reminders};
--          why not: unknown, not_expected, waiting, cancelled

local key = K.delivery .. A.id
local d = hash(key)
if not d.status then return { 'unknown', 0, reminders } end
local endpoint = d.endpoint_id
local lane = lane_of(endpoint)

local function won()
  return { 'won', hungry(lane), reminders, redis.call('HGETALL', key),
    redis.call('HMGET', K.endpoint .. endpoint, unpack(A.fields)),
    redis.call('GET', K.body .. event_key(d)) or '', redis.call('HGET', K.event .. event_key(d), 'traceparent') or '' }
end

local expected = tonumber(d.attempts) + 1 == A.attempt
if expected and d.status == 'sending' and d.token == A.token then return won() end
local published_at = redis.call('ZSCORE', K.published .. lane, A.id)
if not expected or not published_at then return { 'not_expected', hungry(lane), reminders } end

local mark = K.watermark .. lane .. (d.yields and ':yielding' or '')
if tonumber(published_at) > tonumber(redis.call('GET', mark) or 0) then redis.call('SET', mark, published_at) end

local stopped = stop_reason(d)
if stopped then
  take_out(A.id, d)
  finish(A.id, d, 'cancelled', stopped)
  return { 'cancelled', hungry(lane), reminders }
end

on_conveyor(d, -redis.call('ZREM', K.published .. lane, A.id))
local limit = redis.call('HMGET', K.endpoint .. endpoint, 'rate_interval_us', 'tat_us', 'breaker', 'timeout_us')
if d.trigger ~= 'test' then
  local why, wake_at = gate(endpoint, A.id)
  if why then
    redis.call('ZREM', K.in_flight .. endpoint, A.id)
    reserve_start(d, -1)
    wait(A.id, d, why, wake_at)
    return { 'waiting', hungry(lane), reminders }
  end
  local interval = tonumber(limit[1]) or 0
  if interval > 0 then
    redis.call('HSET', K.endpoint .. endpoint, 'tat_us', int(math.max(tonumber(limit[2]) or 0, NOW) + interval))
  end
  if limit[3] and limit[3] ~= 'closed' then
    redis.call('HSET', K.endpoint .. endpoint, 'breaker', 'half_open', 'probe', A.id)
    redis.call('HSET', K.breakers, endpoint, 'half_open')
  end
end

local lease_end = NOW + tonumber(limit[4]) + A.margin_us
redis.call('ZADD', K.claimed, lease_end, A.id)
redis.call('ZADD', K.in_flight .. endpoint, lease_end, A.id)
redis.call('ZADD', K.due, 'XX', 'LT', lease_end, 'ep:' .. endpoint) -- where others wait: the slot may end sooner now
redis.call('HSET', key, 'status', 'sending', 'token', A.token, 'claimed_at', now_rfc3339(), 'updated_at', now_rfc3339())
redis.call('HDEL', key, 'next_attempt_at', 'waiting_for', 'publishes', 'published_us', 'yields')
if tonumber(d.retries_used) > 0 then
  count(lane == 'handlers' and 'handlers.retries_claimed' or 'retries.claimed')
  count('retries.claimed.' .. int(math.min(tonumber(d.retries_used), P.retries_told)))
end
return won()
