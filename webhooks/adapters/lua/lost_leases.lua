-- Claimed deliveries whose lease ran out.
-- ARGV[1]  A: limit
-- Answers  {{delivery as a flat hash, endpoint as a flat hash (empty when it is gone), traceparent}, …}

local lost = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.claimed, '-inf', NOW, 'LIMIT', 0, A.limit)) do
  local delivery = redis.call('HGETALL', K.delivery .. id)
  local endpoint = redis.call('HGET', K.delivery .. id, 'endpoint_id')
  if endpoint then
    local d = redis.call('HMGET', K.delivery .. id, 'tenant', 'event_id')
    local traceparent = redis.call('HGET', K.event .. d[1] .. ':' .. d[2], 'traceparent') or ''
    table.insert(lost, { delivery, redis.call('HGETALL', K.endpoint .. endpoint), traceparent })
  else
    redis.call('ZREM', K.claimed, id)
  end
end
return lost
