-- Says how long a tenant's finished events are kept, of those that finish from now on.
-- ARGV[1]  A: tenant, fields = {retention_us = text, by_type = JSON, ['retention_us:<type>'] = text, …}: all that there is
-- Answers  nothing

local key = K.tenant .. A.tenant
redis.call('DEL', key)
for field, value in pairs(A.fields) do redis.call('HSET', key, field, value) end
if redis.call('EXISTS', key) == 1 then redis.call('ZADD', K.tenants, 0, A.tenant) end
forget_tenant_without_things(A.tenant)
return {}
