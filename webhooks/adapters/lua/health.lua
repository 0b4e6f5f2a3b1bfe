-- Stands before settle.lua: what an outcome says about its endpoint.

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
  redis.call('HSET', K.endpoint .. endpoint, 'breaker', 'open', 'breaker_until_us', int(NOW + wait_us), 'breaker_wait_us',
    int(wait_us))
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
local function turn_breaker(id, d, success)
  local endpoint = d.endpoint_id
  local health = tally(endpoint, success)
  local b = redis.call('HMGET', K.endpoint .. endpoint, 'breaker', 'probe', 'breaker_wait_us')
  if not b[1] or b[1] == 'closed' then
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
  elseif b[2] == id and success then
    close_breaker(endpoint, d)
  elseif b[2] == id then
    open_breaker(endpoint, math.min(tonumber(b[3]) * 2, P.breaker.most_us))
  end
end

local function note_success(endpoint, d)
  local e = K.endpoint .. endpoint
  redis.call('HSET', e, 'last_success_at', now_rfc3339())
  redis.call('HINCRBY', e, 'streak', 1)
  local f = redis.call('HMGET', e, 'failing_since_us', 'warned')
  if f[2] then notice('endpoint.recovered', d) end
  if f[1] then redis.call('HDEL', e, 'failing_since_us', 'failing_since', 'failures', 'warned') end
end

-- Without one success for long: first a warning, once, at half of the time, then the endpoint is disabled.
local function note_failure(endpoint, d)
  local e = K.endpoint .. endpoint
  redis.call('HSET', e, 'last_failure_at', now_rfc3339(), 'last_status_code', A.status_code or '', 'last_error', A.error or '')
  if A.slow_down then redis.call('HSET', e, 'streak', 0) end
  redis.call('HSETNX', e, 'failing_since_us', int(NOW))
  redis.call('HSETNX', e, 'failing_since', now_rfc3339())
  local failures = redis.call('HINCRBY', e, 'failures', 1)
  local f = redis.call('HMGET', e, 'failing_since_us', 'failing_since', 'warned', 'enabled')
  local failing_us = NOW - f[1]
  if failures < P.disable.attempts or f[4] ~= '1' then return end
  if failing_us >= P.disable.after_us then
    stop_endpoint(endpoint, 'failing')
    plan_cancelling(endpoint)
  elseif failing_us * 2 >= P.disable.after_us and not f[3] then
    redis.call('HSET', e, 'warned', '1')
    notice('endpoint.failing', d, { since = f[2], failures = failures })
  end
end

-- A handler is our own code: nothing has to be spared, and what it rejects is no failure of it.
local function note_health(id, d, success)
  if lane_of(d.endpoint_id) == 'handlers' then
    redis.call('HSET', K.endpoint .. d.endpoint_id, success and 'last_success_at' or 'last_failure_at', now_rfc3339())
    return
  end
  turn_breaker(id, d, success)
  if success then
    note_success(d.endpoint_id, d)
  else
    note_failure(d.endpoint_id, d)
  end
end

-- A 2xx that came after its lease was given up: the endpoint answers after all, whatever the breaker made of the silence.
local function note_late_success(d)
  if lane_of(d.endpoint_id) == 'handlers' then return end
  local state = redis.call('HGET', K.endpoint .. d.endpoint_id, 'breaker')
  if state and state ~= 'closed' then
    close_breaker(d.endpoint_id, d)
  else
    tally(d.endpoint_id, true)
  end
  note_success(d.endpoint_id, d)
end
