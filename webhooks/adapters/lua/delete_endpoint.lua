-- Erases an endpoint but for a tombstone and stops its deliveries.
-- ARGV[1]  A: id
-- Answers  1, or 0 where there was none

local key = K.endpoint .. A.id
local kept = redis.call('HMGET', key, 'tenant', 'host', 'deleted', 'revision')
if not kept[1] or kept[3] then return 0 end
redis.call('DEL', key)
redis.call('HSET', key, 'id', A.id, 'tenant', kept[1], 'host', kept[2] or '', 'deleted', now_rfc3339(), 'cut_us', int(NOW),
  'cut_reason', 'endpoint_deleted', 'revision', kept[4])
redis.call('HDEL', K.breakers, A.id)
redis.call('ZREM', K.failing, A.id)
redis.call('DEL', K.recent .. A.id)
redis.call('ZREM', K.endpoints .. kept[1], A.id)
redis.call('INCR', K.version .. kept[1])
plan_cancelling(A.id)
return 1
