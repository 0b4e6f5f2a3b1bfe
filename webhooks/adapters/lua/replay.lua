-- A finished delivery pending again, with a full budget.
-- ARGV[1]  A: id
-- Answers  {'ok' | 'unknown' | 'unfinished' | 'stopped', reminders}

local key = K.delivery .. A.id
local d = hash(key)
if not d.status then return { 'unknown', reminders } end
if not FINAL[d.status] then return { 'unfinished', reminders } end
local from = FINAL[d.status]
d.began_us, d.trigger, d.status, d.retries_used = int(NOW), 'replay', 'pending', 0
if stop_reason(d) then return { 'stopped', reminders } end
d.sequence = redis.call('INCR', K.sequence) -- the end of the line

redis.call('HSET', key, 'status', 'pending', 'trigger', 'replay', 'retries_used', 0, 'replays', tonumber(d.replays) + 1,
  'began_us', d.began_us, 'sequence', d.sequence, 'updated_at', now_rfc3339())
redis.call('HDEL', key, 'finished_at', 'reason', 'token')
redis.call('HINCRBY', K.event .. event_key(d), 'unfinished', 1)
keep_event(event_key(d))
regroup(A.id, d, from, 'unfinished')
place(A.id, d)
return { 'ok', reminders }
