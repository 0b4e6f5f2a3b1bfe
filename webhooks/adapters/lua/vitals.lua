-- The marks that health is judged by.
-- ARGV[1]  A: mark (optional: the key to set to now)
-- Answers  {µs since the stager's mark or -1, … deliveries canary, … handlers canary, µs that the oldest due is late}

if A.mark then
  redis.call('SET', A.mark, int(NOW))
  return {}
end

local function age(key)
  local at = redis.call('GET', key)
  return at and math.max(0, NOW - at) or -1
end

local late = 0
local first = redis.call('ZRANGE', K.due, 0, 0, 'WITHSCORES')[2]
if first then late = math.max(late, NOW - first) end
return { age(K.stager), age(K.canary .. 'deliveries'), age(K.canary .. 'handlers'), late }
