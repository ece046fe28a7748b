-- Runs: what a claim is handed, and how a run ends.

-- Engine identities are long and few: runs hold a short name.
local function identity_name(identity)
  local name = redis.sha1hex(identity):sub(1, 16)
  redis.call('HSETNX', keys.identities, name, identity)
  return name
end

-- All that the work on a unit needs.
local function grant(run, unit, claim_id)
  return {
    claim_id = claim_id,
    transcription_id = run.id,
    unit_id = unit.id,
    kind = unit.kind,
    attempt = unit.attempt,
    pool = run.pool,
    options = redis.call('GET', keys.run_options(run.id)),
    identity = redis.call('HGET', keys.identities, run.identity),
    media_key = run.media,
    work_key = run.work,
    plan_id = or_null(run.plan),
    from_sample = unit.from,
    to_sample = unit.to,
    cost_s = unit.cost_s,
    audio_s = or_null(tonumber(run.audio_s)),
    language = or_null(run.language),
    units = tonumber(run.units),
    former_work_key = or_null(run.former),
    request_id = or_null(run.request),
  }
end

local function clear_index(run)
  local bucket, field = keys.digest_bucket(run.digest), keys.digest_field(run.digest)
  if redis.call('HGET', bucket, field) == run.id then
    redis.call('HDEL', bucket, field)
  end
end

-- Ends a run for good: nobody holds or waits for anything of it, and only its record stays. `facts` are further fields.
local function end_run(run, state, facts)
  announce_run(run, state)
  tell_ending(run, state, facts)
  run_closes(run, state)
  local prepared_ms = 0
  for _, unit in ipairs(load_units(run.id)) do
    prepared_ms = prepared_ms + (unit.kind == 'span' and unit.state ~= 'done' and to_ms(unit.cost_s) or 0)
    close_unit(run, unit)
    if unit.claim ~= '' then
      spend(unit.claim, 'lost')
    end
  end
  count_prepared(run, -prepared_ms)
  local reason = facts and facts.reason
  local keep_ms = keeping(state, reason, run.keep_media, run.keep_failed)
  schedule_run(run, state, now, keep_ms)
  if reason == 'infected' then
    media_go(run.media)
  end
  schedule_jobs(jobs_on(run))
  redis.call('DEL', keys.run_units(run.id), keys.run_waiting(run.id), keys.run_options(run.id), keys.run_jobs(run.id))
  redis.call('HDEL', keys.run(run.id),
    'stage', 'units', 'done', 'first_job', 'begun', 'former', 'request', 'keep_media', 'keep_failed')
  redis.call('HSET', keys.run(run.id), 'state', state, 'ended', now)
  for field, value in pairs(facts or {}) do
    redis.call('HSET', keys.run(run.id), field, value)
  end
  if state ~= 'completed' then
    clear_index(run)
    leave_work(run, keep_ms)
  end
  count_ending(run, state, reason)
  touch(run)
end

-- A run ends well, with what really ran: it stays in the index only if that is what its digest says.
local function complete_run(run, transcript_key, identity)
  end_run(run, 'completed', {transcript = transcript_key, identity = identity})
  -- Nobody takes over the work of a run that is done, nor of those before it.
  redis.call('HDEL', keys.run(run.id), 'plan')
  redis.call('DEL', keys.left(run.digest))
  if identity ~= run.identity then
    clear_index(run)
  end
end

-- A job leaves a live run, which ends with its last job. Answers whether it did.
local function leave_run(run, job_id)
  if run.first_job == job_id then
    run.first_job = ''
    redis.call('HSET', keys.run(run.id), 'first_job', '')
  else
    redis.call('SREM', keys.run_jobs(run.id), job_id)
  end
  local is_last = run.first_job == '' and redis.call('SCARD', keys.run_jobs(run.id)) == 0
  if is_last then
    end_run(run, 'cancelled')
  else
    touch(run)
  end
  return is_last
end

-- The jobs that wait on a live run, sorted.
local function live_jobs(run)
  local jobs = {}
  for i, job_id in ipairs(jobs_on(run)) do
    local job = load_hash(keys.job(job_id))
    jobs[i] = {job_id = job_id, tenant = job.tenant, created_ms = tonumber(job.created)}
  end
  return jobs
end

-- Runs that failed in this call, with their jobs: whoever called writes the ending into the jobs' manifests. The record
-- tells them no more afterwards.
local failed_runs, failed_jobs = {}, 0

local function fail_run(run, reason, detail)
  local jobs = live_jobs(run)
  failed_jobs = failed_jobs + #jobs
  failed_runs[#failed_runs + 1] = {
    transcription_id = run.id, ended_ms = now, code = reason, detail = detail, jobs = jobs,
  }
  end_run(run, 'failed', {reason = reason, detail = detail})
end

-- What an answer says of them: nothing for none, because Lua would write an empty list as an object.
local function failures()
  return failed_runs[1] and failed_runs
end

-- A lease ran out. The unit waits as if it had arrived now, and the claim stays in force until somebody takes it; after
-- three attempts, or ten claims that nobody began to work on, the run fails. Answers whether it did.
local function expire(held)
  local unit = held.unit
  count_one('expired.' .. unit.kind)
  if unit.attempt >= 3 or (unit.claims >= 10 and held.claim.started == 0) then
    fail_run(held.run, 'worker_lost')
    return true
  end
  redis.call('ZREM', keys.leases, held.claim.id)
  set_progress(held, 0)
  save_claim(held.claim)
  put_back(held.run, unit, now)
  save_unit(unit)
  touch(held.run)
  return false
end

