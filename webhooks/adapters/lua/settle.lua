-- Writes what came of an attempt, if the lease is still the caller's.
-- ARGV[1]  A: id, attempt, token, status, success (1|0), retry (the attempt was one), delay_us,
--          measures and totals = {counter = by, …} (counted by the minute too, and in all alone), optional: reason, stop (disable the endpoint with this reason), slow_down, status_code, error, lost
--          took_ms: how long the attempt took
-- ARGV[2]  the packed attempt record
-- ARGV[3]  the packed outcome for the endpoint's latest
-- Answers  {won 1|0, status, reason, hungry, reminders}

local key = K.delivery .. A.id
local d = hash(key)
local attempts = tonumber(d.attempts)
local same_kind = (d.last_error == 'lost') == (A.lost == 1) -- what a stager gave up as lost was not settled by the worker
if d.status and d.status ~= 'sending' and d.token == A.token and attempts == A.attempt and same_kind then
  return { 1, d.status, d.reason or '', 0, reminders } -- said again after a lost answer
end
if d.status ~= 'sending' or d.token ~= A.token or attempts + 1 ~= A.attempt then
  return { 0, d.status or '', d.reason or '', 0, reminders }
end

local endpoint, lane = d.endpoint_id, lane_of(d.endpoint_id)
local status, reason = A.status, A.reason
if A.stop and redis.call('HGET', K.endpoint .. endpoint, 'enabled') == '1' then
  stop_endpoint(endpoint, A.stop)
  plan_cancelling(endpoint)
end
if status == 'retrying' or status == 'exhausted' then
  local stopped = stop_reason(d) or (d.cancel_asked and 'by_request')
  if stopped then status, reason = 'cancelled', stopped end
end

redis.call('RPUSH', K.attempts .. A.id, ARGV[2])
redis.call('ZREM', K.claimed, A.id)
redis.call('ZREM', K.in_flight .. endpoint, A.id)

local e = health_of(endpoint)
if d.trigger ~= 'test' and e.enabled then
  note_health(A.id, d, e, A.success == 1)
  note_recent(endpoint, ARGV[3], A.took_ms)
end

local outcome = { 'attempts', A.attempt, 'last_status_code', A.status_code or '', 'last_error', A.error or '' }
if status == 'retrying' then
  redis.call('HSET', key, 'status', 'retrying', 'retries_used', tonumber(d.retries_used) + 1, 'next_attempt_at',
    rfc3339(NOW + A.delay_us), 'updated_at', now_rfc3339(), unpack(outcome))
  drop(key, d, 'claimed_at')
  redis.call('ZADD', K.due, NOW + A.delay_us, A.id)
else
  finish(A.id, d, status, reason, outcome)
  if status == 'exhausted' then
    notice('delivery.exhausted', d, { delivery_id = A.id, event_id = d.event_id, status_code = A.status_code or cjson.null,
      error = A.error or cjson.null })
  end
end

if lane == 'handlers' then
  count(A.retry == 1 and 'handlers.retry' or 'handlers.first')
  if status == 'retrying' then count('handlers.failed_retry') end
else
  count(A.retry == 1 and 'attempts.retry' or 'attempts.first')
  if status == 'retrying' then count('retries.scheduled') end
end
if status == 'delivered' then count_delivered(d) end
for name, by in pairs(A.measures) do count(name, by) end
for name, by in pairs(A.totals) do count_in_all(name, by) end
if A.lost == 1 then count('leases.lost') end
release_waiting(endpoint)
-- The claim asked for the rest: here only what was readied could be why the window runs low.
return { 1, status, reason or '', readied and hungry(lane) or 0, reminders }
