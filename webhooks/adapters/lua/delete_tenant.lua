-- One step of the job that deletes a tenant: keys and portal links first, then endpoints, so that nothing more is sent, then events with
-- their deliveries. What is being sent just now ends by itself and finds nothing to write to.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local tenant = redis.call('HGET', key, 'tenant')
if not tenant then
  redis.call('ZREM', K.due, 'job:' .. A.job)
  return { 1, reminders }
end
local left, done = A.limit, 0

local function each_of(set, call)
  if left == 0 then return end
  for _, id in ipairs(redis.call('ZRANGE', set .. tenant, 0, left - 1)) do
    call(id)
    left, done = left - 1, done + 1
  end
end

each_of(K.api_keys, function(id)
  redis.call('UNLINK', K.api_key_of .. redis.call('HGET', K.api_key .. id, 'digest'), K.api_key .. id)
  redis.call('ZREM', K.api_keys .. '*', id)
  redis.call('ZREM', K.api_keys .. tenant, id)
end)
each_of(K.portal_links, function(id)
  redis.call('UNLINK', K.portal_link .. id)
  redis.call('ZREM', K.portal_links .. tenant, id)
end)
each_of(K.endpoints, function(id)
  entomb(id)
  bury(id)
end)
while left > 0 do
  local id = redis.call('ZRANGE', K.events .. tenant, 0, 0)[1]
  if not id then break end
  local went, gone = forget_event(tenant .. ':' .. id, left)
  left = math.max(0, left - went)
  if gone then done = done + 1 end
end
redis.call('HINCRBY', key, 'done', done)
if left == 0 then
  continue_job(A.job)
  return { 0, reminders }
end

for _, group in ipairs({ 'all', 'unfinished', 'delivered', 'failed' }) do
  redis.call('UNLINK', K.index .. 'tenant:' .. tenant .. ':' .. group)
end
for _, kind in ipairs({ 'fresh', 'retry' }) do
  redis.call('UNLINK', K.ready .. 'deliveries:' .. kind .. ':' .. tenant)
  redis.call('ZREM', K.ready .. 'deliveries:' .. kind, tenant)
end
redis.call('UNLINK', K.version .. tenant, K.tenant .. tenant, K.audit .. tenant)
redis.call('ZREM', K.tenants, tenant)
redis.call('HSET', key, 'finished_at', now_rfc3339())
end_job(A.job)
return { 1, reminders }
