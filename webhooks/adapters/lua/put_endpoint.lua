-- Writes an endpoint, new or changed, if nobody changed it since `revision` (0: it must be new).
-- ARGV[1]  A: id, tenant, revision, fields = {name = text, …}, optional: stop (disable with this reason), start (1: enable),
--          rotated = what the notice of a new signing secret says
-- Answers  {'ok', reminders} | {'changed'} | {'unknown'} | {'deleting'}: its tenant is

local key = K.endpoint .. A.id
local kept = redis.call('HMGET', key, 'revision', 'deleted', 'enabled', 'ordered', 'rate_interval_us')
if A.revision > 0 and (not kept[1] or kept[2]) then return { 'unknown' } end
if tonumber(kept[1] or 0) ~= A.revision then return { 'changed' } end
if tonumber(redis.call('GET', K.version .. A.tenant) or 0) < 0 then return { 'deleting' } end

for field, value in pairs(A.fields) do redis.call('HSET', key, field, value) end
redis.call('HSET', key, 'updated_at', now_rfc3339())
if A.revision == 0 then
  redis.call('HSET', key, 'id', A.id, 'tenant', A.tenant, 'enabled', '1', 'created_at', now_rfc3339(),
    'streak', lane_of(A.id) == 'handlers' and A.fields.max_in_flight or 0) -- a handler needs no slow start
  redis.call('ZADD', K.endpoints .. A.tenant, NOW, A.id)
  redis.call('ZADD', K.tenants, 0, A.tenant)
  redis.call('SET', K.version .. A.tenant, int(NOW / 1000), 'NX') -- never again what it was before the tenant was deleted
end
if kept[5] ~= A.fields.rate_interval_us then redis.call('HDEL', key, 'tat_us', 'reserved_us') end -- the new pace begins now
if A.start then
  redis.call('HSET', key, 'enabled', '1')
  redis.call('HDEL', key, 'disabled_reason', 'disabled_at', 'failing_since_us', 'failing_since', 'failures', 'warned', 'probe',
    'breaker', 'breaker_until_us', 'breaker_wait_us', 'breaker_reason')
  redis.call('DEL', K.health .. A.id)
  redis.call('HDEL', K.breakers, A.id)
  redis.call('ZREM', K.failing, A.id)
  if kept[3] == '0' then notice('endpoint.enabled', { tenant = A.tenant, endpoint_id = A.id }) end
end
if A.rotated then notice('endpoint.secret_rotated', { tenant = A.tenant, endpoint_id = A.id }, A.rotated) end
if kept[4] == '1' and A.fields.ordered ~= '1' then
  local job = 'free_lines:' .. A.id
  redis.call('HSET', K.job .. job, 'kind', 'free_lines', 'endpoint_id', A.id, 'state', 'running')
  continue_job(job)
end
redis.call('HINCRBY', key, 'revision', 1)
redis.call('INCR', K.version .. A.tenant)
if A.stop and kept[3] ~= '0' then
  stop_endpoint(A.id, A.stop, A.revision == 0)
  if A.revision > 0 then plan_cancelling(A.id) end
end
release_waiting(A.id)
return { 'ok', reminders }
