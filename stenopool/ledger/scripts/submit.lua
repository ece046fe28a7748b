-- submit: takes a job in.
-- Answers created (a new run with a waiting prepare unit), joined (a live run), hit (a completed run), replayed (the
-- idempotency key names an earlier job), idem_conflict, need_media, refused_joins, refused_backlog, refused_open_jobs,
-- refused_audio or refused_stored (a quota of the tenant), ledger_lost. A job that is known already gets its first answer
-- again. When Redis is full nothing is written: the first write adds.

local function answer(outcome, job_id, run)
  return cjson.encode({
    outcome = outcome,
    job_id = job_id,
    transcription_id = run and run.id or given.transcription_id,
    media_key = or_null(run and run.media),
    bells = bells(),
  })
end

local function refuse(outcome)
  return answer(outcome, given.job_id, nil)
end

local function first_answer(job)
  local outcome = 'joined'
  if job.tr == given.transcription_id then
    outcome = 'created'
  elseif job.hit then
    outcome = 'hit'
  end
  return answer(outcome, given.job_id, load_run(job.tr))
end

local function take_in(run_id, is_hit)
  local created = given.submitted_ms or now
  add_job(run_id, is_hit, created)
  if is_hit then
    schedule_job(given.job_id, {created = created, keep = given.keep.result_ms}, now)
  end
  remember_request(idempotency_ms)
end

if redis.call('EXISTS', keys.epoch) == 0 then
  return refuse('ledger_lost')
end
local known = load_hash(keys.job(given.job_id))
if known then
  return first_answer(known)
end
local earlier = earlier_request()
if earlier then
  if earlier.is_same then
    return answer('replayed', earlier.job_id, load_run(earlier.run_id))
  end
  return refuse('idem_conflict')
end
if is_earlier_request_unsure() then
  return refuse('ledger_lost')
end
local run = indexed_run(given.digest)
if run and is_live(run) then
  if count_jobs(run) >= given.max_jobs_per_run then
    return refuse('refused_joins')
  end
  local broken = broken_quota(false, false)
  if broken then
    return refuse(broken)
  end
  take_in(run.id, false)
  job_opens(given.tenant)
  redis.call('SADD', keys.run_jobs(run.id), given.job_id)
  raise_keeping(run)
  touch(run)
  tell_change(given.tenant, given.job_id, run.state)
  count_submission('joined')
  return answer('joined', given.job_id, run)
end
if run then
  take_in(run.id, true)
  announce(given.job_id, {hook = given.has_hook, run = given.run_number}, 'completed', now)
  tell_change(given.tenant, given.job_id, run.state)
  count_submission('hit')
  return answer('hit', given.job_id, run)
end
if not given.media_key then
  return refuse('need_media')
end
local broken = broken_quota(true, true)
if broken then
  return refuse(broken)
end
if waiting_units() >= given.max_waiting then
  return refuse('refused_backlog')
end
take_in(given.transcription_id, false)
tell_change(given.tenant, given.job_id, 'queued')
job_opens(given.tenant)
count_submission('created')
return answer('created', given.job_id, add_run(now))
