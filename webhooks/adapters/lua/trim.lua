-- One step of the job that takes entries out of the indexes whose event or delivery has expired.
-- A tenant's indexes are walked one after the other, as far as anything in them can be older than the retention.
-- ARGV[1]  A: job, limit (entries looked at), done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local INDEXES = { 'events', 'delivered', 'failed' } -- unfinished ones never expire
local horizon = '(' .. int(NOW - P.retention_ms * 1000)

-- A deleted endpoint is remembered as long as its deliveries are.
local function forget_endpoint(endpoint)
  if redis.call('EXISTS', K.index .. 'endpoint:' .. endpoint .. ':all') == 1 then return end
  if redis.call('HEXISTS', K.endpoint .. endpoint, 'deleted') == 1 then redis.call('DEL', K.endpoint .. endpoint) end
end

local function forget_delivery(tenant, group, id)
  local endpoint = string.match(id, ':(.*)$')
  for _, scope in ipairs({ 'tenant:' .. tenant .. ':', 'endpoint:' .. endpoint .. ':' }) do
    redis.call('ZREM', K.index .. scope .. group, id)
    redis.call('ZREM', K.index .. scope .. 'all', id)
  end
  forget_endpoint(endpoint)
end

local function trim(tenant, index, id)
  if index == 'events' then
    if redis.call('EXISTS', K.event .. tenant .. ':' .. id) == 1 then return 0 end
    redis.call('ZREM', K.events .. tenant, id)
  else
    if redis.call('EXISTS', K.delivery .. id) == 1 then return 0 end
    forget_delivery(tenant, index, id)
  end
  return 1
end

local function forget_tenant(tenant)
  redis.call('SREM', K.to_trim, tenant)
  local left = redis.call('EXISTS', K.events .. tenant, K.endpoints .. tenant, K.index .. 'tenant:' .. tenant .. ':all')
  if left == 0 then redis.call('SREM', K.tenants, tenant) end
end

local place = redis.call('HMGET', key, 'tenant', 'index', 'cursor')
local tenant, number, cursor = place[1], tonumber(place[2] or 1), place[3] or '-inf'
local left, done = A.limit, 0
while left > 0 do
  tenant = tenant or redis.call('SRANDMEMBER', K.to_trim)
  if not tenant then
    end_job(A.job)
    redis.call('HINCRBY', key, 'done', done)
    return { 1, reminders }
  end
  local name = INDEXES[number]
  local index = name == 'events' and K.events .. tenant or K.index .. 'tenant:' .. tenant .. ':' .. name
  local entries = redis.call('ZRANGEBYSCORE', index, cursor, horizon, 'WITHSCORES', 'LIMIT', 0, left)
  for i = 1, #entries, 2 do
    done = done + trim(tenant, name, entries[i])
    cursor = '(' .. entries[i + 1] -- the few that share a score across two steps are found the next time
  end
  if #entries < left * 2 then
    number, cursor = number + 1, '-inf'
    if number > #INDEXES then
      forget_tenant(tenant)
      tenant, number = false, 1
    end
  end
  left = left - math.max(1, #entries / 2)
end
redis.call('HINCRBY', key, 'done', done)
redis.call('HDEL', key, 'tenant')
if tenant then redis.call('HSET', key, 'tenant', tenant) end
redis.call('HSET', key, 'index', number, 'cursor', cursor)
continue_job(A.job)
return { 0, reminders }
