-- Writes an event type, new or in place of the one that is there. What it does not name keeps its value: the counts.
-- ARGV[1]  A: name, fields = {name = text, …}, most (types that there may be)
-- Answers  'created' | 'changed' | 'full'

local key = K.event_type .. A.name
local new = redis.call('EXISTS', key) == 0
if new and redis.call('ZCARD', K.event_types) >= A.most then return 'full' end
if new then
  redis.call('ZADD', K.event_types, 0, A.name)
  redis.call('HSET', key, 'name', A.name, 'created_at', now_rfc3339())
end
for field, value in pairs(A.fields) do redis.call('HSET', key, field, value) end
redis.call('HSET', key, 'updated_at', now_rfc3339())
redis.call('INCR', K.event_types_version)
return new and 'created' or 'changed'
