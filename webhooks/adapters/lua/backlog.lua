-- Counts what stands in each place.
-- ARGV[1]  A: most_tenants (whose ready lists are counted)
-- Answers  {{{lane, fresh|retry, size}, …}, {{lane, size}, …} published, claimed, due, waiting, states of breakers not closed}

local ready, published = {}, {}
for lane in pairs(P.windows) do
  table.insert(published, { lane, redis.call('ZCARD', K.published .. lane) })
  for _, kind in ipairs({ 'fresh', 'retry' }) do
    local tenants, size = K.ready .. lane .. ':' .. kind, 0
    for _, tenant in ipairs(redis.call('ZRANGE', tenants, 0, A.most_tenants - 1)) do
      size = size + redis.call('ZCARD', tenants .. ':' .. tenant)
    end
    table.insert(ready, { lane, kind, size })
  end
end
return { ready, published, redis.call('ZCARD', K.claimed), redis.call('ZCARD', K.due),
  tonumber(redis.call('GET', K.waiting_count) or 0), redis.call('HVALS', K.breakers) }
