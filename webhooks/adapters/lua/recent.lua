-- Stands before settle.lua and settle_late.lua: an endpoint's latest outcomes, and who fails or is slow.

local HOUR_US = 3600000000

-- outcome: packed by the caller (redis_recent.py); ms: how long the attempt took
local function note_recent(endpoint, outcome, ms, success)
  redis.call('LPUSH', K.recent .. endpoint, outcome)
  redis.call('LTRIM', K.recent .. endpoint, 0, P.recent_kept - 1)
  local slow = K.slow .. int(math.floor(NOW / HOUR_US))
  if redis.call('ZADD', slow, 'GT', 'CH', ms, endpoint) == 1 then redis.call('PEXPIRE', slow, 7200000) end
  if success then
    redis.call('ZREM', K.failing, endpoint)
  else
    redis.call('ZADD', K.failing, 'NX', NOW, endpoint)
  end
end
