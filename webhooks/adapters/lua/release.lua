-- Undoes a claim whose request was not sent; no attempt is used, and it may go again at once.
-- ARGV[1]  A: id, attempt, token
-- Answers  reminders

local key = K.delivery .. A.id
local d = hash(key)
if d.status ~= 'sending' or d.token ~= A.token or tonumber(d.attempts) + 1 ~= A.attempt then return reminders end
local retried = tonumber(d.retries_used) > 0
redis.call('HSET', key, 'status', retried and 'retrying' or 'pending', 'updated_at', now_rfc3339())
redis.call('HDEL', key, 'token', 'claimed_at')
redis.call('ZREM', K.claimed, A.id)
if retried then
  count(lane_of(d.endpoint_id) == 'handlers' and 'handlers.retries_claimed' or 'retries.claimed', -1)
end
redis.call('HDEL', K.endpoint .. d.endpoint_id, 'probe')
publish(A.id, d)
return reminders
