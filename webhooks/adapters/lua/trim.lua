-- One step of the job that lets go what was kept long enough. It stands in due at the time of the first that will be.
-- ARGV[1]  A: job, limit, done_ttl_ms (not used: this job has no record), pause_us (between two looks)
-- Answers  {1 when nothing more is due, else 0, reminders}

local left = A.limit
while left > 0 do
  local name = redis.call('ZRANGEBYSCORE', K.expiring, '-inf', NOW, 'LIMIT', 0, 1)[1]
  if not name then break end
  left = left - forget_event(name, left)
  forget_tenant_without_things(string.match(name, '^[^:]*'))
end
local first = redis.call('ZRANGE', K.expiring, 0, 0, 'WITHSCORES')[2]
if not first then
  redis.call('ZREM', K.due, 'job:' .. A.job)
elseif left > 0 then
  redis.call('ZADD', K.due, math.max(tonumber(first), NOW + A.pause_us), 'job:' .. A.job)
else
  continue_job(A.job)
end
return { left > 0 and 1 or 0, reminders }
