-- Whether one more may come now, by the generic cell rate algorithm: evenly, with a burst after a pause.
-- ARGV[1]  A: name, interval_us, burst
-- Answers  0 where it may, and it is counted; else the µs until the next one may

local key = K.turns .. A.name
local at = math.max(tonumber(redis.call('GET', key)) or 0, NOW)
local free_at = at - (A.burst - 1) * A.interval_us
if free_at > NOW then return int(free_at - NOW) end
redis.call('SET', key, int(at + A.interval_us), 'PX', int(math.ceil((at + A.interval_us - NOW) / 1000) + 1000))
return '0'
