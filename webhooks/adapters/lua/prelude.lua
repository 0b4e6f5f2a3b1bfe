-- Stands before every script, as far as the script uses it (scripts.py). K.<name> is a key prefix (keys.py), written out
-- when the script is put together. Keys are made here from their parts, so KEYS is empty everywhere: Redis Cluster is not
-- supported.
-- ARGV[1]  msgpack map A
-- P.<name>, written out too, are the numbers that every script may need, set where the store is opened (redis_store.py):
--   reserve_us    how long a published delivery holds its slot
--   windows       {deliveries=…, handlers=…}: the most that may be published and not yet claimed
--   unyielding    so many of a tenant's on the conveyor go in order; the messages of its further ones yield to others
--   watermark_us  the watermark of what is claimed moves by more than this
--   retention_ms  how long a finished event is kept
--   breaker       {minutes=…, attempts=…, share=…, first_us=…, most_us=…}: window, least attempts, failing share, waits
--   minutes_ms    how long the counts of single minutes are kept
--   recent_kept   how many of an endpoint's latest outcomes are kept
--   retries_told  retries are counted by number up to this one, which stands for those beyond, too
--   disable       {after_us=…, attempts=…}: without a success for so long and after so many attempts
-- Times are microseconds of the server's clock; readable copies in hashes are RFC 3339.

local A = cmsgpack.unpack(ARGV[1])
local FINAL = { delivered = 'delivered', exhausted = 'failed', cancelled = 'failed', skipped = 'failed' }
local reminders = {} -- {delivery id, attempt, retries used, event type, host, timeout in µs}: what the caller publishes

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2] + (tonumber(redis.call('GET', K.offset)) or 0)
end

local NOW = now_us()

-- For keys and texts; a command's own argument is written in full where it is a whole number.
local function int(number)
  return string.format('%.0f', number)
end

-- Days since 1970 to a date: the proleptic Gregorian calendar in eras of 400 years from 1 March.
local function civil(days)
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local day_of_era = shifted - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
    - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local shifted_month = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * shifted_month + 2) / 5) + 1
  local month = shifted_month < 10 and shifted_month + 3 or shifted_month - 9
  return year_of_era + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function rfc3339(us)
  local seconds = math.floor(us / 1000000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local year, month, day = civil(days)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, math.floor(rest / 3600),
    math.floor(rest % 3600 / 60), rest % 60, math.floor((us - seconds * 1000000) / 1000))
end

local now_text
local function now_rfc3339()
  now_text = now_text or rfc3339(NOW)
  return now_text
end

-- Its fields by name, and flat as they were read.
local function hash(key)
  local flat, found = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found, flat
end

-- The fields of a hash by their names; those that it has not are nil.
local function fields(key, ...)
  local values, found = redis.call('HMGET', key, ...), {}
  for i, name in ipairs({ ... }) do found[name] = values[i] or nil end
  return found
end

-- Lets go of those of these fields that the hash has; `d` is the hash as it was read.
local function drop(key, d, ...)
  local kept = {}
  for _, name in ipairs({ ... }) do
    if d[name] then table.insert(kept, name) end
  end
  if #kept > 0 then redis.call('HDEL', key, unpack(kept)) end
end

local function lane_of(endpoint)
  return string.sub(endpoint, 1, 3) == 'fn_' and 'handlers' or 'deliveries'
end

local function event_key(d)
  return d.tenant .. ':' .. d.event_id
end

-- Stopping: nothing left to send; or the endpoint is disabled, deleted, or was so at some time since this run began.
-- e: its enabled, deleted, cut_us and cut_reason
local function stopped_by(d, e, has_body)
  if not has_body then return 'payload_erased' end
  if e.deleted or not e.enabled then return 'endpoint_deleted' end
  if d.trigger == 'test' then return nil end
  if e.enabled ~= '1' or tonumber(d.began_us) <= (tonumber(e.cut_us) or 0) then
    return e.cut_reason == 'gone' and 'gone' or 'endpoint_disabled'
  end
  return nil
end

local function stop_reason(d)
  local e = fields(K.endpoint .. d.endpoint_id, 'enabled', 'deleted', 'cut_us', 'cut_reason')
  return stopped_by(d, e, redis.call('EXISTS', K.body .. event_key(d)) == 1)
end

-- For ever alone: what nobody reads minute by minute.
local function count_in_all(name, by)
  if redis.call('HINCRBY', K.flow, name, by) == 1 then redis.call('HSETNX', K.flow, 'since_ms', math.floor(NOW / 1000)) end
end

-- For ever and, for rates and charts, for this minute.
local function count(name, by)
  local minute = K.minute .. math.floor(NOW / 60000000)
  if redis.call('HINCRBY', minute, name, by or 1) == (by or 1) then redis.call('PEXPIRE', minute, P.minutes_ms) end
  count_in_all(name, by or 1)
end

-- What operational events will be made of (webhooks/notifying.py); an event's own kind raises none.
local function notice(kind, d, more)
  if string.sub(d.event_type or '', 1, 9) == 'hookline.' or string.sub(d.tenant, 1, 3) == 'in.' then return end
  more = more or {}
  more.kind, more.tenant, more.endpoint_id, more.at_us = kind, d.tenant, d.endpoint_id, int(NOW)
  redis.call('RPUSH', K.notices, cjson.encode(more))
  redis.call('ZADD', K.due, 'NX', NOW, 'job:notices')
end
