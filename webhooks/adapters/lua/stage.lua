-- Moves what is due to where it may go.
-- ARGV[1]  A: limit, job_lease_us
-- Answers  {reminders, job ids to run, how many were due, µs until the next one or -1}

local due = redis.call('ZRANGEBYSCORE', K.due, '-inf', NOW, 'LIMIT', 0, A.limit)
local jobs = {}
for _, member in ipairs(due) do
  local kind, name = string.match(member, '^(%l+):(.*)$')
  if kind == 'ep' then
    redis.call('ZREM', K.due, member)
    release_waiting(name)
  elseif kind == 'job' then
    redis.call('ZADD', K.due, NOW + A.job_lease_us, member)
    table.insert(jobs, name)
  else
    redis.call('ZREM', K.due, member)
    local d = facts(member)
    if d.endpoint_id then make_ready(member, d, 'retry') end
  end
end
local first = redis.call('ZRANGE', K.due, 0, 0, 'WITHSCORES')
return { reminders, jobs, #due, first[2] and math.floor(first[2] - NOW) or -1 }
