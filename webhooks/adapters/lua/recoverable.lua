-- Stands before the scripts of recovery: which deliveries one would take.

-- Calls `take` with each id in the endpoint's failed index, from `oldest` to `newest`, that is in one of the statuses
-- (',exhausted,cancelled,'), no test, has its payload still and is not set aside for another recovery.
-- Looks at about `limit` entries; answers how many it looked at and where to go on, nil at the end.
local function each_recoverable(endpoint, oldest, newest, statuses, limit, take)
  local index = K.index .. 'endpoint:' .. endpoint .. ':failed'
  local entries = redis.call('ZRANGEBYSCORE', index, oldest, newest, 'WITHSCORES', 'LIMIT', 0, limit)
  local last = entries[#entries]
  local more = #entries >= limit * 2
  if more then -- all that share the last score belong to this step, so that the next one can begin after it
    entries = redis.call('ZRANGEBYSCORE', index, oldest, last, 'WITHSCORES')
  end
  for i = 1, #entries, 2 do
    local d = redis.call('HMGET', K.delivery .. entries[i], 'status', 'recovery', 'trigger', 'tenant', 'event_id')
    if d[1] and not d[2] and d[3] ~= 'test' and string.find(statuses, ',' .. d[1] .. ',', 1, true)
      and redis.call('EXISTS', K.body .. d[4] .. ':' .. d[5]) == 1 then
      take(entries[i])
    end
  end
  return #entries / 2, more and '(' .. last or nil
end
