-- Begins to trim, unless that is under way: each tenant is to be looked at once.
-- ARGV[1]  A
-- Answers  1, or 0 where it was under way

if redis.call('ZSCORE', K.due, 'job:trim') then return 0 end
redis.call('SUNIONSTORE', K.to_trim, K.tenants)
redis.call('DEL', K.job .. 'trim')
redis.call('HSET', K.job .. 'trim', 'kind', 'trim', 'state', 'running', 'done', 0)
continue_job('trim')
return 1
