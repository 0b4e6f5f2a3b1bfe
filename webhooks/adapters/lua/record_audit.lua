-- Adds an entry to the audit log: to that of all, and to that of the tenant under the same id.
-- ARGV[1]  A: fields = {name = text, …}, keep_us (older entries go), most (so many stay in each log),
--          optional: tenant
-- ARGV[2]  what was before and after, encrypted
-- Answers  the entry's id

local function last_ms(log)
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  return last and tonumber(string.match(last[1], '^%d+')) or 0
end

local function add(log, id)
  local flat = { 'details', ARGV[2] }
  for field, value in pairs(A.fields) do
    table.insert(flat, field)
    table.insert(flat, value)
  end
  local added = redis.call('XADD', log, 'MINID', '~', int(math.max(0, (NOW - A.keep_us) / 1000)), id, unpack(flat))
  redis.call('XTRIM', log, 'MAXLEN', '~', A.most)
  return added
end

local all = K.audit .. '*'
local id = add(all, int(math.max(math.floor(NOW / 1000), last_ms(all))) .. '-*') -- a clock that was set back is overtaken
if A.tenant then add(K.audit .. A.tenant, id) end
return id
