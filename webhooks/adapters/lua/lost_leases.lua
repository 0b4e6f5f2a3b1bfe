-- Claimed deliveries whose lease ran out.
-- ARGV[1]  A: limit
-- Answers  {{delivery as a flat hash, endpoint as a flat hash (empty when it is gone)}, …}

local lost = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.claimed, '-inf', NOW, 'LIMIT', 0, A.limit)) do
  local delivery = redis.call('HGETALL', K.delivery .. id)
  local endpoint = redis.call('HGET', K.delivery .. id, 'endpoint_id')
  if endpoint then
    table.insert(lost, { delivery, redis.call('HGETALL', K.endpoint .. endpoint) })
  else
    redis.call('ZREM', K.claimed, id)
  end
end
return lost
