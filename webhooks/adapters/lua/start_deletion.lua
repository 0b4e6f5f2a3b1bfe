-- Plans the deletion of a tenant. From now on nothing is made for it: its version says so.
-- ARGV[1]  A: tenant, job, version (what it is while the tenant is being deleted)
-- Answers  the job as a flat hash, as it is where it runs already; empty where there is no such tenant

local key = K.job .. A.job
if redis.call('HGET', key, 'state') == 'running' then return redis.call('HGETALL', key) end
local keys, links = K.api_keys .. A.tenant, K.portal_links .. A.tenant
if not redis.call('ZSCORE', K.tenants, A.tenant) and redis.call('EXISTS', keys, links) == 0 then return {} end
redis.call('SET', K.version .. A.tenant, A.version)
redis.call('DEL', key)
redis.call('HSET', key, 'kind', 'delete_tenant', 'tenant', A.tenant, 'state', 'running', 'started_at', now_rfc3339(), 'done', 0,
  'total', redis.call('ZCARD', keys) + redis.call('ZCARD', links) + redis.call('ZCARD', K.endpoints .. A.tenant)
    + redis.call('ZCARD', K.events .. A.tenant))
continue_job(A.job)
return redis.call('HGETALL', key)
