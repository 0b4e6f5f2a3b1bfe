-- Has the job trim.lua look now, whatever it waits for.
-- ARGV[1]  A
-- Answers  1, or 0 where nothing is finished, so that nothing will expire

if redis.call('EXISTS', K.expiring) == 0 then return 0 end
continue_job('trim')
return 1
