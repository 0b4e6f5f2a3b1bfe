-- One step of the job that cancels what waits of an event whose payload was erased. What is being sent ends by itself.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local job = hash(key)
if not job.event_id then
  redis.call('ZREM', K.due, 'job:' .. A.job)
  return { 1, reminders }
end
local name = job.tenant .. ':' .. job.event_id
local step = redis.call('LRANGE', K.owed .. name, job.cursor, job.cursor + A.limit - 1)
for _, endpoint in ipairs(step) do
  local id = job.event_id .. ':' .. endpoint
  local d = hash(K.delivery .. id)
  if d.status and d.status ~= 'sending' and not FINAL[d.status] then
    take_out(id, d)
    finish(id, d, 'cancelled', 'payload_erased')
    release_waiting(endpoint)
  end
end
redis.call('HINCRBY', key, 'cursor', #step)
if #step == A.limit or redis.call('EXISTS', K.fanout .. name) == 1 then
  continue_job(A.job)
  return { 0, reminders }
end
end_job(A.job)
return { 1, reminders }
