-- How an endpoint fares now, and what it is.
-- ARGV[1]  A: id, most_lines (of an ordered one: how many are looked at), shown_lines (how many are told of)
-- Answers  {the endpoint as a flat hash, in flight, waiting, {{ordering key, how many stand behind the head, the head, and of it
--          head_since, status, waiting_for, next_attempt_at}, …} the longest first, the head of the line without a key, its head_since}

local heads = K.heads .. A.id
local lines, waiting = {}, redis.call('ZCARD', K.waiting .. A.id)
for _, line in ipairs(redis.call('SRANDMEMBER', K.lines .. A.id, A.most_lines)) do
  local behind = redis.call('ZCARD', K.line .. A.id .. ':' .. line)
  waiting = waiting + behind
  table.insert(lines, { line, behind })
end
table.sort(lines, function(a, b) return a[2] > b[2] or (a[2] == b[2] and a[1] < b[1]) end)
local shown = {}
for i = 1, math.min(A.shown_lines, #lines) do
  local head = redis.call('HGET', heads, lines[i][1])
  if head then
    local of_head = redis.call('HMGET', K.delivery .. head, 'head_since', 'status', 'waiting_for', 'next_attempt_at')
    table.insert(shown, { lines[i][1], lines[i][2], head, unpack(of_head) })
  end
end
local head = redis.call('HGET', heads, '')
return { redis.call('HGETALL', K.endpoint .. A.id), redis.call('ZCOUNT', K.in_flight .. A.id, '(' .. int(NOW), '+inf'), waiting,
  shown, head, head and redis.call('HGET', K.delivery .. head, 'head_since') }
