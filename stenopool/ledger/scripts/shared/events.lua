-- Events: what those who listen are told. A run's text stands in a stream of its own, changes of jobs in one for each
-- tenant. Both are gone an hour later; nothing is decided by them.
local kept_ms = 3600 * 1000
local most_changes = 1000 -- of a tenant; who was away for more loads the list again
local most_told = 20000 -- segments of a run; the rest of the text is told when the transcript is there

local last_event

-- Numbers of events grow over all streams and never repeat: microseconds, roughly, that go on when a clock is set back.
-- As text, because Lua itself writes numbers with 14 digits.
local function text_of(number)
  return string.format('%.0f', number)
end

local function next_event()
  if not last_event then
    last_event = tonumber(redis.call('HGET', keys.event_clock, 'last') or 0)
  end
  local is_first = last_event == 0
  last_event = math.max(last_event + 1, now * 1000)
  local number = text_of(last_event)
  redis.call('HSET', keys.event_clock, 'last', number)
  if is_first then
    redis.call('HSET', keys.event_clock, 'first', number)
  end
  return number
end

-- A ledger begins: who has heard of events before this one has heard them of another.
local function begin_events()
  if redis.call('EXISTS', keys.event_clock) == 0 then
    next_event()
  end
end

-- The jobs that wait on a live run, sorted.
local function jobs_on(run)
  local job_ids = redis.call('SMEMBERS', keys.run_jobs(run.id))
  if run.first_job ~= '' then
    job_ids[#job_ids + 1] = run.first_job
  end
  table.sort(job_ids)
  return job_ids
end

-- A job of the tenant is in another state. `facts` tell of a failed one why.
local function tell_change(tenant, job_id, state, facts)
  local stream, why = keys.tenant_events(tenant), state == 'failed' and facts or {}
  redis.call('XADD', stream, 'MAXLEN', most_changes, next_event(),
    'job', job_id, 'state', state, 'code', why.reason or '', 'detail', why.detail or '')
  redis.call('PEXPIRE', stream, kept_ms)
end

-- All jobs of a live run are in another state.
local function tell_run(run, state, facts)
  for _, job_id in ipairs(jobs_on(run)) do
    tell_change(redis.call('HGET', keys.job(job_id), 'tenant'), job_id, state, facts)
  end
end

-- A live run ends: its text stays for those who are late, with the jobs that it was for.
local function tell_ending(run, state, facts)
  tell_run(run, state, facts)
  redis.call('DEL', keys.run_told(run.id))
  if redis.call('EXISTS', keys.events(run.id)) == 0 then
    return
  end
  redis.call('PEXPIRE', keys.events(run.id), kept_ms)
  local job_ids = jobs_on(run)
  if #job_ids > 0 then
    redis.call('SADD', keys.event_jobs(run.id), unpack(job_ids))
    redis.call('PEXPIRE', keys.event_jobs(run.id), kept_ms)
  end
end

-- A run's text is gone, whoever listens: it begins anew, or nobody may read it any more.
local function forget_text(run_id)
  redis.call('DEL', keys.run_told(run_id), keys.events(run_id), keys.event_jobs(run_id))
end
