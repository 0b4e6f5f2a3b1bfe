-- One step of the job that lets the lines of an endpoint go that is no longer ordered.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local endpoint = redis.call('HGET', K.job .. A.job, 'endpoint_id') or ''
local left = A.limit
while left > 0 do
  local line = redis.call('SRANDMEMBER', K.lines .. endpoint)
  if not line then break end
  local standing = K.line .. endpoint .. ':' .. line
  local id = redis.call('ZPOPMIN', standing)[1]
  if id then
    left = left - 1
    count_waiting(-1)
    redis.call('HDEL', K.delivery .. id, 'waiting_for')
    admit(id, facts(id))
  else
    redis.call('SREM', K.lines .. endpoint, line)
  end
end
if left > 0 then
  redis.call('DEL', K.heads .. endpoint)
  end_job(A.job)
  return { 1, reminders }
end
continue_job(A.job)
return { 0, reminders }
