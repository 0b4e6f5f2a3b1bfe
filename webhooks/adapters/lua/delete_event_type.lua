-- Takes an event type out of the catalogue.
-- ARGV[1]  A: name
-- Answers  1, or 0 where there was none

if redis.call('DEL', K.event_type .. A.name) == 0 then return 0 end
redis.call('ZREM', K.event_types, A.name)
redis.call('INCR', K.event_types_version)
return 1
