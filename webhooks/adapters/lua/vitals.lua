-- The marks that health is judged by.
-- ARGV[1]  A: mark (optional: the key to set to now)
-- Answers  {µs since the stager's mark or -1, … deliveries canary, … handlers canary, µs that the oldest one is late:
--          due and not moved, ready and not published, or published and not claimed}

if A.mark then
  redis.call('SET', A.mark, int(NOW))
  return {}
end

local function age(key)
  local at = redis.call('GET', key)
  return at and math.max(0, NOW - at) or -1
end

-- How long the first of a sorted set by time has been late; where its delivery knows better, since then.
local function late(key, field)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first[1] then return 0 end
  local since = field and redis.call('HGET', K.delivery .. first[1], field)
  return NOW - tonumber(since or first[2])
end

-- How long the first of the tenant whose turn is next has been ready.
local function kept_ready(ready)
  local tenant = redis.call('ZRANGE', ready, 0, 0)[1]
  local id = tenant and redis.call('ZRANGE', ready .. ':' .. tenant, 0, 0)[1]
  local since = id and redis.call('HGET', K.delivery .. id, 'ready_us')
  return since and NOW - tonumber(since) or 0
end

local oldest = math.max(0, late(K.due))
for _, lane in ipairs({ 'deliveries', 'handlers' }) do
  oldest = math.max(oldest, late(K.published .. lane, 'published_us'))
  for _, kind in ipairs({ 'fresh', 'retry' }) do
    oldest = math.max(oldest, kept_ready(K.ready .. lane .. ':' .. kind))
  end
end
return { age(K.stager), age(K.canary .. 'deliveries'), age(K.canary .. 'handlers'), oldest }
