-- Published deliveries whose message is lost, by the queue's own evidence or by age, published anew.
-- ARGV[1]  A: lane, empty (1: the queue holds no message), limit, grace_us, behind_us, overdue_us, overdue_most_us
--          Evidence: the queue is empty, or a message of its kind published `behind_us` later was already claimed; it counts from
--          `grace_us` on, doubling with each publishing. Without evidence `overdue_us`, doubling to `overdue_most_us`.
-- Answers  reminders

local published = K.published .. A.lane
local watermark = tonumber(redis.call('GET', K.watermark .. A.lane) or 0)
local yielding = tonumber(redis.call('GET', K.watermark .. A.lane .. ':yielding') or 0)
local entries = redis.call('ZRANGEBYSCORE', published, '-inf', NOW - A.grace_us, 'WITHSCORES', 'LIMIT', 0, A.limit)
for i = 1, #entries, 2 do
  local id, at = entries[i], tonumber(entries[i + 1])
  local sent = redis.call('HMGET', K.delivery .. id, 'publishes', 'yields')
  local doubling = 2 ^ math.min(tonumber(sent[1] or 0), 20)
  local evident = A.empty == 1 or at < (sent[2] and yielding or watermark) - A.behind_us
  local overdue = NOW - at >= math.min(A.overdue_us * doubling, A.overdue_most_us)
  if overdue or (evident and NOW - at >= A.grace_us * doubling) then
    local d = facts(id)
    redis.call('ZREM', published, id)
    if d.endpoint_id then
      redis.call('ZADD', published, NOW, id)
      redis.call('ZADD', K.in_flight .. d.endpoint_id, NOW + P.reserve_us, id)
      redis.call('HINCRBY', K.delivery .. id, 'publishes', 1)
      redis.call('HDEL', K.delivery .. id, 'yields')
      redis.call('HSETNX', K.delivery .. id, 'published_us', at) -- the first time: health counts from then
      remind(id, d, on_conveyor(d, 0))
    end
  end
end
if #reminders > 0 then count('republished', #reminders) end
return reminders
