-- One step of the job that gives an event's further recipients their deliveries.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local job = hash(key)
if not job.event_id then
  redis.call('ZREM', K.due, 'job:' .. A.job)
  return { 1, reminders }
end
local name = job.tenant .. ':' .. job.event_id
local event = redis.call('HMGET', K.event .. name, 'type', 'ordering_key')
local e = { id = job.event_id, tenant = job.tenant, type = event[1], ordering_key = event[2] or nil, trigger = job.trigger,
  at = tonumber(job.at) }

local step = redis.call('LPOP', K.fanout .. name, A.limit) or {}
for i, entry in ipairs(step) do
  keep_delivery(e, string.sub(entry, 2), string.sub(entry, 1, 1) == '1', tonumber(job.sequence) + i)
end
redis.call('HINCRBY', key, 'done', #step)
redis.call('HINCRBY', key, 'sequence', #step)
if redis.call('EXISTS', K.fanout .. name) == 1 then
  continue_job(A.job)
  return { 0, reminders }
end
end_job(A.job)
if tonumber(redis.call('HGET', K.event .. name, 'unfinished')) <= 0 then expire_event(name) end
return { 1, reminders }
