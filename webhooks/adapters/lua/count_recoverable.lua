-- How many of an endpoint's deliveries a recovery would take, in bounded steps.
-- ARGV[1]  A: endpoint, oldest, newest (scores), statuses, limit
-- Answers  {how many, where to go on or ''}

local found = 0
local _, more = each_recoverable(A.endpoint, A.oldest, A.newest, A.statuses, A.limit, function() found = found + 1 end)
return { found, more or '' }
