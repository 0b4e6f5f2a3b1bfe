-- One step of a recovery: first everything eligible is found and set aside, so that no other recovery takes it; then
-- it is replayed, endpoints in turn and few at a time, so that what is fresh stands behind few that are not.
-- ARGV[1]  A: job, limit, done_ttl_ms (how long the finished job is kept)
-- Answers  {1 when the job is done, else 0, reminders}

local key = K.job .. A.job
local job = hash(key)
local lists = K.recovering .. A.job .. ':'
if not job.tenant then
  redis.call('ZREM', K.due, 'job:' .. A.job)
  return { 1, reminders }
end

local function set_aside(endpoint)
  local found = 0
  local looked, more = each_recoverable(endpoint, job.cursor or job.oldest, job.newest, job.statuses, A.limit, function(id)
    redis.call('RPUSH', lists .. 'todo:' .. endpoint, id)
    redis.call('HSET', K.delivery .. id, 'recovery', A.job)
    found = found + 1
  end)
  redis.call('HINCRBY', key, 'total', found)
  job.cursor = more
  if more then
    redis.call('HSET', key, 'cursor', more)
    return looked
  end
  redis.call('HDEL', key, 'cursor')
  redis.call('LPOP', lists .. 'turns')
  if redis.call('EXISTS', lists .. 'todo:' .. endpoint) == 1 then redis.call('RPUSH', lists .. 'found', endpoint) end
  return looked + 1
end

local function find()
  local left = A.limit
  while left > 0 do
    local endpoint = redis.call('LINDEX', lists .. 'turns', 0)
    if not endpoint then
      redis.call('HSET', key, 'phase', 'replaying')
      if redis.call('EXISTS', lists .. 'found') == 1 then redis.call('RENAME', lists .. 'found', lists .. 'turns') end
      break
    end
    left = left - set_aside(endpoint)
  end
end

-- Two rounds of what the endpoint takes at once may stand and wait; `out` are those that this recovery sent last.
local function room_at(endpoint, out)
  local e = redis.call('HMGET', K.endpoint .. endpoint, 'max_in_flight', 'streak', 'rate_interval_us', 'rate_burst')
  local room = 2 * math.min(tonumber(e[1]) or 1, 1 + (tonumber(e[2]) or 0))
  if (tonumber(e[3]) or 0) > 0 then room = math.min(room, tonumber(e[4])) end
  for _, id in ipairs(redis.call('LRANGE', out, 0, -1)) do
    if redis.call('HGET', K.delivery .. id, 'status') == 'pending' then
      room = room - 1
    else
      redis.call('LREM', out, 1, id)
    end
  end
  return room
end

-- True where it goes again; what was replayed by hand meanwhile has lost its mark.
local function replayed(id)
  local d = hash(K.delivery .. id)
  if d.recovery ~= A.job then return false end
  if FINAL[d.status] and send_again(id, d, place_behind) then return true end
  redis.call('HDEL', K.delivery .. id, 'recovery')
  return false
end

local function replay_some()
  local done, skipped = 0, 0
  for _ = 1, math.min(redis.call('LLEN', lists .. 'turns'), A.limit) do
    local endpoint = redis.call('LPOP', lists .. 'turns')
    local todo, out = lists .. 'todo:' .. endpoint, lists .. 'out:' .. endpoint
    local room = math.min(room_at(endpoint, out), A.limit - done - skipped)
    for _, id in ipairs(room > 0 and redis.call('LPOP', todo, room) or {}) do
      if replayed(id) then
        done = done + 1
        redis.call('RPUSH', out, id)
      else
        skipped = skipped + 1
      end
    end
    if redis.call('EXISTS', todo) == 1 then redis.call('RPUSH', lists .. 'turns', endpoint) else redis.call('DEL', out) end
  end
  redis.call('HINCRBY', key, 'done', done)
  redis.call('HINCRBY', key, 'skipped', skipped)
  return done + skipped
end

if job.phase == 'finding' then
  find()
  continue_job(A.job)
  return { 0, reminders }
end
local moved = replay_some()
if redis.call('EXISTS', lists .. 'turns') == 0 then
  redis.call('HSET', key, 'finished_at', now_rfc3339())
  end_job(A.job)
  if job.endpoint_id and redis.call('HGET', K.endpoint .. job.endpoint_id, 'enabled') ~= '1' then
    redis.call('HSET', key, 'state', 'failed') -- nothing that was left could go
  end
  return { 1, reminders }
end
redis.call('ZADD', K.due, NOW + (moved > 0 and job.pause_us or job.idle_us), 'job:' .. A.job)
return { 0, reminders }
