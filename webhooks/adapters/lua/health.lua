-- Stands before settle.lua and settle_late.lua: what an outcome says about its endpoint.

-- Of the endpoint as it was before the outcome; `enabled` is not there where it is deleted.
local function health_of(endpoint)
  return fields(K.endpoint .. endpoint, 'enabled', 'streak', 'breaker', 'probe', 'breaker_wait_us', 'failing_since_us',
    'failing_since', 'failures', 'warned')
end

-- Outcomes of the last minutes: {succeeded, failed}.
local function recent(health)
  local minute = math.floor(NOW / 60000000)
  local fields = {}
  for back = 0, P.breaker.minutes - 1 do
    table.insert(fields, 's' .. minute - back)
    table.insert(fields, 'f' .. minute - back)
  end
  local values = redis.call('HMGET', health, unpack(fields))
  local succeeded, failed = 0, 0
  for i = 1, #values, 2 do
    succeeded = succeeded + (tonumber(values[i]) or 0)
    failed = failed + (tonumber(values[i + 1]) or 0)
  end
  return succeeded, failed
end

local function tally(endpoint, success)
  local health = K.health .. endpoint
  local minute = math.floor(NOW / 60000000)
  if redis.call('HINCRBY', health, (success and 's' or 'f') .. minute, 1) == 1 then
    local old = minute - P.breaker.minutes
    for back = old - P.breaker.minutes, old do redis.call('HDEL', health, 's' .. back, 'f' .. back) end
    redis.call('PEXPIRE', health, P.breaker.minutes * 120000)
  end
  return health
end

local function open_breaker(endpoint, wait_us)
  redis.call('HSET', K.endpoint .. endpoint, 'breaker', 'open', 'breaker_until_us', NOW + wait_us, 'breaker_wait_us',
    wait_us)
  redis.call('HDEL', K.endpoint .. endpoint, 'probe')
  redis.call('HSET', K.breakers, endpoint, 'open')
end

local function close_breaker(endpoint, d)
  redis.call('HSET', K.endpoint .. endpoint, 'breaker', 'closed')
  redis.call('HDEL', K.breakers, endpoint)
  redis.call('HDEL', K.endpoint .. endpoint, 'probe', 'breaker_until_us', 'breaker_wait_us', 'breaker_reason')
  redis.call('DEL', K.health .. endpoint)
  notice('endpoint.breaker_closed', d)
end

-- Closed: opens when too large a share failed. Otherwise only the probe's outcome says anything.
local function turn_breaker(id, d, e, success)
  local endpoint = d.endpoint_id
  local health = tally(endpoint, success)
  if not e.breaker or e.breaker == 'closed' then
    if success then return end
    local succeeded, failed = recent(health)
    local all = succeeded + failed
    if all >= P.breaker.attempts and failed >= all * P.breaker.share then
      open_breaker(endpoint, P.breaker.first_us)
      redis.call('HSET', K.endpoint .. endpoint, 'breaker_reason',
        failed .. ' of ' .. all .. ' attempts within ' .. P.breaker.minutes .. ' minutes failed')
      count('breakers.opened')
      notice('endpoint.breaker_opened', d, { failed = failed, attempts = all })
    end
  elseif e.probe == id and success then
    close_breaker(endpoint, d)
  elseif e.probe == id then
    open_breaker(endpoint, math.min(tonumber(e.breaker_wait_us) * 2, P.breaker.most_us))
  end
end

local function note_success(d, e)
  local key = K.endpoint .. d.endpoint_id
  redis.call('HSET', key, 'last_success_at', now_rfc3339(), 'streak', (tonumber(e.streak) or 0) + 1)
  if e.warned then notice('endpoint.recovered', d) end
  if e.failing_since_us then
    redis.call('HDEL', key, 'failing_since_us', 'failing_since', 'failures', 'warned')
    redis.call('ZREM', K.failing, d.endpoint_id)
  end
end

local function write_failure(d, e)
  local flat = { 'last_failure_at', now_rfc3339(), 'last_status_code', A.status_code or '', 'last_error', A.error or '',
    'failures', e.failures, 'failing_since_us', e.failing_since_us, 'failing_since', e.failing_since }
  if A.slow_down then flat[#flat + 1], flat[#flat + 2] = 'streak', 0 end
  redis.call('HSET', K.endpoint .. d.endpoint_id, unpack(flat))
  redis.call('ZADD', K.failing, 'NX', e.failing_since_us, d.endpoint_id)
end

-- Without one success for long: first a warning, once, at half of the time, then the endpoint is disabled.
local function note_failure(d, e)
  e.failures = (tonumber(e.failures) or 0) + 1
  e.failing_since_us, e.failing_since = e.failing_since_us or NOW, e.failing_since or now_rfc3339()
  write_failure(d, e)
  local failing_us = NOW - e.failing_since_us
  if e.failures < P.disable.attempts or e.enabled ~= '1' then return end
  if failing_us >= P.disable.after_us then
    stop_endpoint(d.endpoint_id, 'failing')
    plan_cancelling(d.endpoint_id)
  elseif failing_us * 2 >= P.disable.after_us and not e.warned then
    redis.call('HSET', K.endpoint .. d.endpoint_id, 'warned', '1')
    notice('endpoint.failing', d, { since = e.failing_since, failures = e.failures })
  end
end

-- A handler is our own code: nothing has to be spared, and what it rejects is no failure of it.
local function note_health(id, d, e, success)
  if lane_of(d.endpoint_id) == 'handlers' then
    redis.call('HSET', K.endpoint .. d.endpoint_id, success and 'last_success_at' or 'last_failure_at', now_rfc3339())
    return
  end
  turn_breaker(id, d, e, success)
  if success then
    note_success(d, e)
  else
    note_failure(d, e)
  end
end

-- A 2xx that came after its lease was given up: the endpoint answers after all, whatever the breaker made of the silence.
local function note_late_success(d, e)
  if lane_of(d.endpoint_id) == 'handlers' then return end
  if e.breaker and e.breaker ~= 'closed' then
    close_breaker(d.endpoint_id, d)
  else
    tally(d.endpoint_id, true)
  end
  note_success(d, e)
end
