-- Puts an answer that came after its lease was given up in place of the `lost` record.
-- ARGV[1]  A: id, attempt, success (1|0), status_code, error
-- ARGV[2]  the packed attempt record
-- Answers  {1, reminders}, or {0, reminders} where no lost record of that attempt stands

local key = K.delivery .. A.id
local record = redis.call('LINDEX', K.attempts .. A.id, A.attempt - 1)
if not record or string.sub(record, 1, 1) ~= 'L' then return { 0, reminders } end
redis.call('LSET', K.attempts .. A.id, A.attempt - 1, ARGV[2])
local d = hash(key)
if tonumber(d.attempts) == A.attempt then
  redis.call('HSET', key, 'last_status_code', A.status_code or '', 'last_error', A.error or '')
end
if A.success ~= 1 then return { 1, reminders } end
local e = health_of(d.endpoint_id)
if d.trigger ~= 'test' and e.enabled then note_late_success(d, e) end
if d.status == 'retrying' then
  take_out(A.id, d)
  finish(A.id, d, 'delivered')
  count_delivered(d)
end
release_waiting(d.endpoint_id)
return { 1, reminders }
