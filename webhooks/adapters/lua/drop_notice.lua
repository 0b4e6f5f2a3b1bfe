-- A notice is dealt with; while any is left its job stands in due.
-- ARGV[1]  A
-- ARGV[2]  the notice, as it was read
-- Answers  how many are left

redis.call('LREM', K.notices, 1, ARGV[2])
local left = redis.call('LLEN', K.notices)
if left == 0 then
  redis.call('ZREM', K.due, 'job:notices')
else
  redis.call('ZADD', K.due, NOW, 'job:notices')
end
return left
