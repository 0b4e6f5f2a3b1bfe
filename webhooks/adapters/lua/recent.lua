-- Stands before settle.lua: an endpoint's latest outcomes, and which are slow.

local HOUR_US = 3600000000

-- outcome: packed by the caller (redis_recent.py); ms: how long the attempt took
local function note_recent(endpoint, outcome, ms)
  local kept = redis.call('LPUSH', K.recent .. endpoint, outcome)
  if kept > 2 * P.recent_kept then redis.call('LTRIM', K.recent .. endpoint, 0, P.recent_kept - 1) end -- seldom, and many
  if lane_of(endpoint) == 'handlers' then return end
  local slow = K.slow .. math.floor(NOW / HOUR_US)
  if redis.call('ZADD', slow, 'GT', 'CH', ms, endpoint) == 1 then redis.call('PEXPIRE', slow, 7200000) end
end
