-- Gives up on a delivery: at once, or while sending at the end of the attempt.
-- ARGV[1]  A: id
-- Answers  {'ok' | 'unknown' | 'final', reminders}

local key = K.delivery .. A.id
local d = hash(key)
if not d.status then return { 'unknown', reminders } end
if FINAL[d.status] then return { 'final', reminders } end
if d.status == 'sending' then
  redis.call('HSET', key, 'cancel_asked', '1')
  return { 'ok', reminders }
end
take_out(A.id, d)
finish(A.id, d, 'cancelled', 'by_request')
release_waiting(d.endpoint_id)
return { 'ok', reminders }
