-- Finds an API key by its digest and notes that it is used, once in a while.
-- ARGV[1]  A: digest, every_us (how old the note may be)
-- Answers  the key as a flat hash, empty where there is none

local id = redis.call('GET', K.api_key_of .. A.digest)
if not id then return {} end
local key = K.api_key .. id
local noted = tonumber(redis.call('HGET', key, 'last_used_us') or 0)
if NOW - noted >= A.every_us then
  redis.call('HSET', key, 'last_used_us', int(NOW), 'last_used_at', now_rfc3339())
end
return redis.call('HGETALL', key)
