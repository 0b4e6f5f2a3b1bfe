-- Wins a delivery for one attempt, if it expects this attempt and nobody has it.
-- ARGV[1]  A: id, attempt, token, margin_us (added to the endpoint's timeout for the lease), fields (of the endpoint)
-- Answers  {'won', hungry, reminders, delivery as a flat hash, the endpoint's fields, body, traceparent} or {why not, hungry, reminders};
--          why not: unknown, not_expected, waiting, cancelled. Of what stands twice in the flat hash the later holds; '' is nothing.

local key = K.delivery .. A.id
local d, flat = hash(key)
if not d.status then return { 'unknown', 0, reminders } end
local endpoint = d.endpoint_id
local lane = lane_of(endpoint)

local expected = tonumber(d.attempts) + 1 == A.attempt
local ours = expected and d.status == 'sending' and d.token == A.token -- said again after a lost answer
local published_at = redis.call('ZSCORE', K.published .. lane, A.id)
if not ours and (not expected or not published_at) then return { 'not_expected', hungry(lane), reminders } end

local body = redis.call('GET', K.body .. event_key(d))
local function won()
  return { 'won', hungry(lane), reminders, flat, redis.call('HMGET', K.endpoint .. endpoint, unpack(A.fields)), body or '',
    redis.call('HGET', K.event .. event_key(d), 'traceparent') or '' }
end
if ours then return won() end

local mark = K.watermark .. lane .. (d.yields and ':yielding' or '')
if tonumber(published_at) > tonumber(redis.call('GET', mark) or 0) + P.watermark_us then redis.call('SET', mark, published_at) end

local e = fields(K.endpoint .. endpoint, 'enabled', 'deleted', 'cut_us', 'cut_reason', 'max_in_flight', 'streak', 'breaker',
  'breaker_until_us', 'rate_interval_us', 'rate_ahead_us', 'tat_us', 'timeout_us')
e.id = endpoint
local stopped = stopped_by(d, e, body)
if stopped then
  take_out(A.id, d)
  finish(A.id, d, 'cancelled', stopped)
  return { 'cancelled', hungry(lane), reminders }
end

redis.call('ZREM', K.published .. lane, A.id)
on_conveyor(d, -1)
if d.trigger ~= 'test' then
  local why, wake_at = gate(e, A.id)
  if why then
    redis.call('ZREM', K.in_flight .. endpoint, A.id)
    reserve_start(d, -1)
    drop_publishing(key, d)
    wait(A.id, d, why, wake_at)
    return { 'waiting', hungry(lane), reminders }
  end
  local interval = tonumber(e.rate_interval_us) or 0
  if interval > 0 then
    redis.call('HSET', K.endpoint .. endpoint, 'tat_us', math.max(tonumber(e.tat_us) or 0, NOW) + interval)
  end
  if e.breaker and e.breaker ~= 'closed' then
    redis.call('HSET', K.endpoint .. endpoint, 'breaker', 'half_open', 'probe', A.id)
    redis.call('HSET', K.breakers, endpoint, 'half_open')
  end
end

local lease_end = NOW + tonumber(e.timeout_us) + A.margin_us
redis.call('ZADD', K.claimed, lease_end, A.id)
redis.call('ZADD', K.in_flight .. endpoint, lease_end, A.id)
redis.call('ZADD', K.due, 'XX', 'LT', lease_end, 'ep:' .. endpoint) -- where others wait: the slot may end sooner now
local written = { 'status', 'sending', 'token', A.token, 'claimed_at', now_rfc3339(), 'updated_at', now_rfc3339() }
redis.call('HSET', key, unpack(written))
drop_publishing(key, d, 'next_attempt_at', 'waiting_for')
if tonumber(d.retries_used) > 0 then
  count(lane == 'handlers' and 'handlers.retries_claimed' or 'retries.claimed')
  count('retries.claimed.' .. math.min(tonumber(d.retries_used), P.retries_told))
end
for _, each in ipairs(written) do flat[#flat + 1] = each end
for _, name in ipairs({ 'next_attempt_at', 'waiting_for' }) do
  if d[name] then flat[#flat + 1], flat[#flat + 2] = name, '' end
end
return won()
