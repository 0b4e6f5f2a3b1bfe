-- Erases an event's body. What waits with it is cancelled by a job; until it gets there no claim wins.
-- ARGV[1]  A: tenant, id
-- Answers  1, or 0 where there is no such event

local name = A.tenant .. ':' .. A.id
local unfinished = redis.call('HGET', K.event .. name, 'unfinished')
if not unfinished then return 0 end
redis.call('UNLINK', K.body .. name)
redis.call('HSETNX', K.event .. name, 'payload_erased_at', now_rfc3339())
if tonumber(unfinished) > 0 then
  local job = 'cancel_event:' .. name
  redis.call('HSET', K.job .. job, 'kind', 'cancel_event', 'tenant', A.tenant, 'event_id', A.id, 'cursor', 0, 'state', 'running')
  redis.call('PERSIST', K.job .. job)
  continue_job(job)
end
return 1
