-- One step of the job that cancels what waits for a stopped endpoint. What is being sent ends by itself.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local job = hash(key)
if not job.endpoint_id then
  redis.call('ZREM', K.due, 'job:' .. A.job)
  return { 1, reminders }
end
local index = K.index .. 'endpoint:' .. job.endpoint_id .. ':unfinished'
local entries = redis.call('ZRANGEBYSCORE', index, job.cursor, job.upto, 'WITHSCORES', 'LIMIT', 0, A.limit)
local done = 0
for i = 1, #entries, 2 do
  local d = hash(K.delivery .. entries[i])
  if d.status ~= 'sending' and d.status and not FINAL[d.status] then
    local reason = stop_reason(d)
    if reason then
      take_out(entries[i], d)
      finish(entries[i], d, 'cancelled', reason)
      done = done + 1
    end
  end
  job.cursor = entries[i + 1] -- included again: several may share a score, and what was cancelled has left the index
end
redis.call('HINCRBY', key, 'done', done)
redis.call('HSET', key, 'cursor', job.cursor)
if #entries < A.limit * 2 then
  end_job(A.job)
  release_waiting(job.endpoint_id)
  return { 1, reminders }
end
continue_job(A.job)
return { 0, reminders }
