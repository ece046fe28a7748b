-- recount_use: counts anew what each tenant has open, reserved and stored; of days past and today nothing is recounted,
-- they only add up. A live run has a unit that waits, is held or is delayed: by these all are found. Answers how many
-- counters were wrong. Takes as long as the backlog and the recordings in the store.
local found, run_ids = {}, {}

local function add(name, tenant, amount)
  local field = name .. ':' .. tenant
  found[field] = (found[field] or 0) + amount
end

local function note_runs(units)
  for _, name in ipairs(units) do
    run_ids[name:match('^([^/]*)/')] = true
  end
end

for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  note_runs(redis.call('ZRANGE', keys.open_units(pool), 0, -1))
end
note_runs(redis.call('ZRANGE', keys.delayed, 0, -1))
for run_id in pairs(run_ids) do
  local run = load_run(run_id)
  add('reserved_ms', run.tenant, reserved_ms(run))
  for _, job in ipairs(live_jobs(run)) do
    add('open_jobs', job.tenant, 1)
  end
end
local media = redis.call('HGETALL', keys.media)
for i = 1, #media, 2 do
  local found_media = load_media(media[i])
  add('stored_bytes', found_media.tenant, found_media.size_bytes)
end

begin_even_when_full()
local before, wrong = load_hash(keys.use) or {}, 0
for field in pairs(before) do
  found[field] = found[field] or 0
end
redis.call('DEL', keys.use)
for field, amount in pairs(found) do
  if amount ~= tonumber(before[field] or 0) then
    wrong = wrong + 1
  end
  if amount ~= 0 then
    redis.call('HSET', keys.use, field, string.format('%d', amount))
  end
end
return cjson.encode({wrong = wrong})
