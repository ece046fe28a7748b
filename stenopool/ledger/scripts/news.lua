-- news: what is new for all who listen at one API process, in one look: jobs that are not as they were shown, text of
-- runs and changes of tenants' jobs behind a number. Of each source at most `limit` entries. Read only.

local most_texts = 50 -- of a tenant in one look; while more have spoken since, ten seconds are looked at
local stretch = 10 * 1000 * 1000

local function entries(stream, after, upto)
  local found = redis.call('XRANGE', stream, text_of(after + 1), upto or '+', 'COUNT', given.limit)
  local list = {}
  for i, entry in ipairs(found) do
    local fields = {number = entry[1]:match('^%d+')}
    for j = 1, #entry[2], 2 do
      fields[entry[2][j]] = entry[2][j + 1]
    end
    list[i] = fields
  end
  return list
end

-- Nothing for none: Lua would write an empty list as an object.
local function some(list)
  return list[1] and list or nil
end

local jobs, gone = {}, {}

local function look_at_job(shown)
  local job = load_job(shown.job_id)
  local run = job and load_run(job.tr)
  if not run then
    gone[#gone + 1] = shown.job_id
    return
  end
  local ending = job_ending(job, run)
  local is_as_shown = shown.run == run.id and shown.rev == tonumber(run.rev)
    and shown.state == ending.state and shown.position == ending.position
  if not is_as_shown then
    jobs[#jobs + 1] = job_record(shown.job_id, job, run)
  end
end

-- Whether an entry is still there: who has heard it has heard all before it.
local function is_there(run_id, number)
  local id = text_of(number)
  return number == 0 or #redis.call('XRANGE', keys.events(run_id), id, id) == 1
end

local function text_of_run(wish)
  return {
    transcription_id = wish.run,
    is_continued = is_there(wish.run, tonumber(wish.after)),
    entries = some(entries(keys.events(wish.run), tonumber(wish.after))),
  }
end

-- Whoever listens to a run now, or did when it ended.
local function listeners(run)
  if is_live(run) then
    return jobs_on(run)
  end
  local job_ids = redis.call('SMEMBERS', keys.event_jobs(run.id))
  table.sort(job_ids)
  return job_ids
end

local function text_of_tenant(tenant, run_ids, after, upto)
  local texts = {}
  for _, run_id in ipairs(run_ids) do
    local run, said = load_run(run_id), entries(keys.events(run_id), after, upto)
    if run and #said > 0 then
      texts[#texts + 1] = {
        transcription_id = run_id, entries = said, job_ids = some(listeners(run)),
        done_s = tonumber(run.done_ms) / 1000, audio_s = or_null(tonumber(run.audio_s)),
      }
    end
  end
  return texts
end

-- Whether something may have happened behind `after` that nobody knows any more.
local function has_gap(tenant, after)
  local first = tonumber(redis.call('HGET', keys.event_clock, 'first') or now * 1000)
  if after < first or after < (now - kept_ms) * 1000 then
    return true
  end
  local stream = keys.tenant_events(tenant)
  if redis.call('XLEN', stream) < most_changes then
    return false
  end
  return after < tonumber(redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]:match('^%d+'))
end

local function news_of_tenant(wish)
  local after = tonumber(wish.after)
  if not after then
    return {tenant = wish.tenant, has_gap = false}
  end
  if has_gap(wish.tenant, after) then
    return {tenant = wish.tenant, has_gap = true}
  end
  local run_ids = redis.call('ZRANGEBYSCORE', keys.tenant_told(wish.tenant), '(' .. text_of(after), '+inf')
  local upto = #run_ids > most_texts and text_of(after + stretch) or nil
  return {
    tenant = wish.tenant, has_gap = false, upto = upto,
    changes = some(entries(keys.tenant_events(wish.tenant), after, upto)),
    texts = some(text_of_tenant(wish.tenant, run_ids, after, upto)),
  }
end

for _, shown in ipairs(given.jobs) do
  look_at_job(shown)
end
local runs, tenants = {}, {}
for i, wish in ipairs(given.runs) do
  runs[i] = text_of_run(wish)
end
for i, wish in ipairs(given.tenants) do
  tenants[i] = news_of_tenant(wish)
end
return cjson.encode({
  last = redis.call('HGET', keys.event_clock, 'last') or text_of(now * 1000),
  jobs = some(jobs),
  gone = some(gone),
  runs = some(runs),
  tenants = some(tenants),
})
