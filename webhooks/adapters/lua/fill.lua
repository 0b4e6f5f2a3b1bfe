-- Fills a lane's window from what is ready: tenants in turn, fresh before retries, a share kept for retries.
-- ARGV[1]  A: lane, window, limit (of picks), retry_share (one pick in so many is a retry's when any waits)
-- Answers  reminders

local ready = K.ready .. A.lane .. ':'
local room = A.window - redis.call('ZCARD', K.published .. A.lane)
local picks = 0

local function next_tenant(turn)
  local order = turn % A.retry_share == 0 and { 'retry', 'fresh' } or { 'fresh', 'retry' }
  for _, kind in ipairs(order) do
    local tenant = redis.call('ZRANGE', ready .. kind, 0, 0)[1]
    if tenant then return kind, tenant end
  end
end

while room > 0 and picks < A.limit do
  picks = picks + 1
  local turn = redis.call('INCR', K.turn .. A.lane)
  local kind, tenant = next_tenant(turn)
  if not kind then break end
  local line = ready .. kind .. ':' .. tenant
  local id = redis.call('ZPOPMIN', line)[1]
  if redis.call('EXISTS', line) == 1 then
    redis.call('ZADD', ready .. kind, turn, tenant)
  else
    redis.call('ZREM', ready .. kind, tenant)
  end
  local d = id and facts(id)
  if d and d.endpoint_id and admit(id, d) then room = room - 1 end
end
return reminders
