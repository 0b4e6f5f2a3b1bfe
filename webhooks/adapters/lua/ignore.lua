-- Marks a received event as ignored by a person, or takes the mark away.
-- ARGV[1]  A: tenant, id, ignored (1|0)
-- Answers  1, or 0 where there is no such event

local key = K.event .. A.tenant .. ':' .. A.id
if redis.call('EXISTS', key) == 0 then return 0 end
if A.ignored == 1 then
  redis.call('HSETNX', key, 'ignored_at', now_rfc3339())
else
  redis.call('HDEL', key, 'ignored_at')
end
return 1
