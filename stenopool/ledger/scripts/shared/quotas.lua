-- Quotas: what each tenant has open, waits to have measured and keeps in the store, and what it used on each day. All
-- tenants' counters stand in one hash, those at nought left out; what a day counted stands in a hash of that day (UTC).
-- A run is paid for by its own tenant, once: who joins it, or is answered by it when it is done, pays no audio.
local function add_to(key, name, tenant, amount)
  if amount ~= 0 then
    local field = name .. ':' .. tenant
    -- Written out: beyond 14 digits Lua's own way of writing a number is no integer to Redis.
    if redis.call('HINCRBY', key, field, string.format('%d', amount)) == 0 then
      redis.call('HDEL', key, field)
    end
  end
end

local function add_to_use(name, tenant, amount)
  add_to(keys.use, name, tenant, amount)
end

local function day_of(time_ms)
  return string.format('%d', math.floor(time_ms / (24 * 3600 * 1000)))
end

local function add_to_day(name, tenant, amount)
  local day = day_of(now)
  if amount ~= 0 then
    add_to(keys.day(day), name, tenant, amount)
    redis.call('SADD', keys.days, day)
  end
end

local function in_use(name, tenant)
  return tonumber(redis.call('HGET', keys.use, name .. ':' .. tenant) or 0)
end

-- Audio of today: what was measured, and what is expected of recordings that are not measured yet.
local function audio_of_today(tenant)
  local measured = redis.call('HGET', keys.day(day_of(now)), 'measured_ms:' .. tenant) or 0
  return tonumber(measured) + in_use('reserved_ms', tenant)
end

local function job_opens(tenant)
  add_to_use('open_jobs', tenant, 1)
end

local function job_closes(tenant)
  add_to_use('open_jobs', tenant, -1)
end

-- Media in the store, under their own key: how large, and the runs that name them and have jobs. However many those are,
-- they lie there once.
local function load_media(media_key)
  local text = redis.call('HGET', keys.media, media_key) or ''
  local size_bytes, run_ids, tenant = text:match('^(%d+),([^,]*),(.*)$')
  if not tenant then
    return nil
  end
  local media = {key = media_key, size_bytes = tonumber(size_bytes), tenant = tenant, runs = {}}
  for run_id in run_ids:gmatch('%S+') do
    media.runs[run_id] = true
  end
  return media
end

local function save_media(media)
  local run_ids = {}
  for run_id in pairs(media.runs) do
    run_ids[#run_ids + 1] = run_id
  end
  table.sort(run_ids)
  local text = string.format('%d,%s,%s', media.size_bytes, table.concat(run_ids, ' '), media.tenant)
  redis.call('HSET', keys.media, media.key, text)
end

-- A run with jobs names these media, or does so no more.
local function name_media(media_key, run_id, is_named)
  local media = load_media(media_key)
  if media then
    media.runs[run_id] = is_named or nil
    save_media(media)
  end
end

local function media_come(run, size_bytes)
  if not load_media(run.media) then
    save_media({key = run.media, size_bytes = size_bytes, tenant = run.tenant, runs = {}})
    add_to_use('stored_bytes', run.tenant, size_bytes)
  end
  name_media(run.media, run.id, true)
end

-- The store holds these media no more. Once is as good as twice.
local function media_go(media_key)
  local media = load_media(media_key)
  if media then
    redis.call('HDEL', keys.media, media_key)
    add_to_use('stored_bytes', media.tenant, -media.size_bytes)
  end
end

-- Whether other runs with jobs name the run's media, too; with `must_live`, such as are not over.
local function is_media_shared(run, must_live)
  local media = load_media(run.media)
  for run_id in pairs(media and media.runs or {}) do
    if run_id ~= run.id and (not must_live or is_live(load_run(run_id))) then
      return true
    end
  end
  return false
end

-- The quota that the job in hand would break, as an outcome; nothing when it fits. `brings_run`: it waits for no other's.
-- `brings_media`: its recording is not stored yet.
local function broken_quota(brings_run, brings_media)
  local most = given.quotas
  if most.open_jobs > 0 and in_use('open_jobs', given.tenant) >= most.open_jobs then
    return 'refused_open_jobs'
  end
  local audio_ms = brings_run and most.audio_ms > 0 and audio_of_today(given.tenant) or 0
  if brings_run and most.audio_ms > 0 and (audio_ms >= most.audio_ms or audio_ms + to_ms(given.estimated_s) > most.audio_ms) then
    return 'refused_audio'
  end
  if brings_media and most.stored_bytes > 0
    and in_use('stored_bytes', given.tenant) + given.size_bytes > most.stored_bytes then
    return 'refused_stored'
  end
end

-- A run begins: what it may take of the day is held back until it is measured.
local function run_opens(run)
  add_to_use('reserved_ms', run.tenant, to_ms(given.estimated_s))
  media_come(run, given.size_bytes)
  if given.quotas.audio_ms > 0 then
    redis.call('HSET', keys.run(run.id), 'most_audio_ms', string.format('%d', given.quotas.audio_ms))
  end
end

local function reserved_ms(run)
  local prepare = load_unit(run.id, 'prepare')
  return prepare and prepare.state ~= 'done' and to_ms(prepare.cost_s) or 0
end

-- Whether a run that turned out `measured_ms` long breaks its tenant's quota. One that is no longer than was held back
-- for it does not: that much was promised.
local function is_over_quota(run, measured_ms)
  local held_back = reserved_ms(run)
  return run.most_audio_ms and measured_ms > held_back
    and audio_of_today(run.tenant) - held_back + measured_ms > tonumber(run.most_audio_ms)
end

-- The run is measured: before its `prepare` is done. The day of the measure pays.
local function run_is_measured(run, measured_ms)
  add_to_use('reserved_ms', run.tenant, -reserved_ms(run))
  add_to_day('measured_ms', run.tenant, measured_ms)
end

-- A live run ends: its jobs are open no longer, and what was held back for a run that was never measured is free again.
-- A recording that was measured has used its audio, whatever became of it.
local function run_closes(run, state)
  local job_ids = redis.call('SMEMBERS', keys.run_jobs(run.id))
  if run.first_job ~= '' then
    job_ids[#job_ids + 1] = run.first_job
  end
  for _, job_id in ipairs(job_ids) do
    local tenant = redis.call('HGET', keys.job(job_id), 'tenant')
    job_closes(tenant)
    if state == 'failed' then
      add_to_day('failed', tenant, 1)
    end
  end
  add_to_use('reserved_ms', run.tenant, -reserved_ms(run))
  redis.call('HDEL', keys.run(run.id), 'most_audio_ms')
  if state == 'completed' then
    add_to_day('audio_ms', run.tenant, to_ms(run.audio_s))
  end
end

-- A submission was taken in, by one of submit's outcomes.
local function count_submission(outcome)
  count_one('submitted.' .. outcome)
  add_to_day('jobs', given.tenant, 1)
  add_to_day('bytes', given.tenant, given.size_bytes)
  if outcome ~= 'created' then
    add_to_day(outcome, given.tenant, 1)
  end
end
