-- Plans a recovery; said again, it changes nothing.
-- ARGV[1]  A: job, endpoints (ids), fields = {name = text, …} of the job

local key = K.job .. A.job
if redis.call('EXISTS', key) == 1 then return 0 end
for field, value in pairs(A.fields) do redis.call('HSET', key, field, value) end
redis.call('HSET', key, 'kind', 'recover', 'state', 'running', 'phase', 'finding', 'total', 0, 'done', 0, 'skipped', 0,
  'started_at', now_rfc3339())
for _, endpoint in ipairs(A.endpoints) do redis.call('RPUSH', K.recovering .. A.job .. ':turns', endpoint) end
continue_job(A.job)
return 1
