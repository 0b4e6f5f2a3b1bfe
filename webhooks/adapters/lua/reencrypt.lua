-- Puts secrets that were encrypted anew in place of the old ones, if nobody changed them meanwhile.
-- ARGV[1]  A: kind (endpoint or source), id
-- ARGV[2]  the old token
-- ARGV[3]  the new token
-- Answers  1, or 0 where something else stands there now

local key = ({ endpoint = K.endpoint, source = K.source })[A.kind] .. A.id
if redis.call('HGET', key, 'hidden') ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'hidden', ARGV[3])
return 1
