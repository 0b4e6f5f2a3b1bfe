-- Erases an endpoint but for a tombstone, which lasts as long as its deliveries, and stops these.
-- ARGV[1]  A: id
-- Answers  1, or 0 where there was none

local kept = redis.call('HMGET', K.endpoint .. A.id, 'tenant', 'deleted')
if not kept[1] or kept[2] then return 0 end
entomb(A.id)
redis.call('INCR', K.version .. kept[1])
plan_cancelling(A.id)
bury(A.id)
return 1
