-- retry: a failed or cancelled job is tried again: on a live run of its digest, by a completed one, or on a new run.
-- Answers created, joined, hit, need_media, refused_state (it did not end badly), refused_joins, refused_backlog,
-- refused_open_jobs or refused_audio (a quota of the tenant), unknown (also for another tenant's job), ledger_lost. The
-- same call again gets its first answer. When Redis is full nothing is written: the first write adds.

local record = keys.job(given.job_id)
local number = 0 -- of the run that the job is on when the call ends, counted from 1

local function answer(outcome, run, state)
  return cjson.encode({
    outcome = outcome,
    transcription_id = run and run.id or given.transcription_id,
    media_key = or_null(run and run.media),
    run_number = number,
    state = or_null(state),
    bells = bells(),
  })
end

local function first_answer(job)
  local run = load_run(job.tr)
  if job.tr == given.transcription_id then
    return answer('created', run)
  end
  return answer(job.hit and 'hit' or 'joined', run)
end

-- Further fields of the job are gone with what they told of its last run. The manifest may have counted a run that the
-- ledger does not know of: no number stands for two.
local function point_at(job, last, run_id, state)
  number = math.max(job.run + 1, given.run_number)
  redis.call('HSET', record, 'tr', run_id, 'run', number, 'retry', given.transcription_id)
  redis.call('HDEL', record, 'cancelled', 'hit')
  drop_deliveries(given.job_id, job)
  tell_change(given.tenant, given.job_id, state)
  repoint(given.job_id, job, last)
  count_in(run_id, true)
end

if redis.call('EXISTS', keys.epoch) == 0 then
  return answer('ledger_lost')
end
local job = load_job(given.job_id)
if not job or job.tenant ~= given.tenant then
  return answer('unknown')
end
number = tonumber(job.run)
if job.retry == given.transcription_id then
  return first_answer(job)
end
local last = load_run(job.tr)
local state = job.cancelled and 'cancelled' or last.state
if state ~= 'failed' and state ~= 'cancelled' then
  return answer('refused_state', nil, state)
end
local run = indexed_run(given.digest)
if run and is_live(run) then
  if count_jobs(run) >= given.max_jobs_per_run then
    return answer('refused_joins')
  end
  local broken = broken_quota(false, false)
  if broken then
    return answer(broken)
  end
  point_at(job, last, run.id, run.state)
  job_opens(given.tenant)
  redis.call('SADD', keys.run_jobs(run.id), given.job_id)
  raise_keeping(run)
  touch(run)
  return answer('joined', run)
end
if run then
  point_at(job, last, run.id, run.state)
  redis.call('HSET', record, 'hit', 1)
  announce(given.job_id, {hook = job.hook, run = number}, 'completed', now)
  schedule_job(given.job_id, job, now)
  return answer('hit', run)
end
if not given.media_key or not are_kept(given.media_key) then
  return answer('need_media')
end
local broken = broken_quota(true, false)
if broken then
  return answer(broken)
end
if waiting_units() >= given.max_waiting then
  return answer('refused_backlog')
end
point_at(job, last, given.transcription_id, 'queued')
job_opens(given.tenant)
return answer('created', add_run(now))
