-- The version of what is stored. A store of before versions were kept is at 1, an empty one takes the current.
-- ARGV[1]  A: current
-- Answers  the version

local version = redis.call('GET', K.schema)
if not version then
  version = redis.call('EXISTS', K.tenants) == 1 and 1 or int(A.current)
  redis.call('SET', K.schema, version)
end
return tonumber(version)
