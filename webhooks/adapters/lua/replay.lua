-- A finished delivery pending again, with a full budget.
-- ARGV[1]  A: id
-- Answers  {'ok' | 'unknown' | 'unfinished' | 'stopped', reminders}

local d = hash(K.delivery .. A.id)
if not d.status then return { 'unknown', reminders } end
if not FINAL[d.status] then return { 'unfinished', reminders } end
if not send_again(A.id, d, place) then return { 'stopped', reminders } end
return { 'ok', reminders }
