-- usage: what the days have counted that are not in the store for good yet, of one tenant or of all; with the ledger's
-- epoch and the number of today. Read only.
local days, names = {}, {'jobs', 'hit', 'joined', 'failed', 'bytes', 'audio_ms'}

local function counts_of(day)
  if not given.tenant then
    return load_hash(keys.day(day)) or {}
  end
  local counts = {}
  for _, name in ipairs(names) do
    local field = name .. ':' .. given.tenant
    counts[field] = redis.call('HGET', keys.day(day), field) or nil
  end
  return counts
end

for _, day in ipairs(redis.call('SMEMBERS', keys.days)) do
  local counts, has_any = counts_of(day), false
  for field, text in pairs(counts) do
    counts[field], has_any = tonumber(text), true
  end
  if has_any then
    days[day] = counts
  end
end
return cjson.encode({epoch = or_null(redis.call('GET', keys.epoch)), today = tonumber(day_of(now)), days = days})
