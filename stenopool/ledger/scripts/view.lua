-- view: a job and its run as one consistent read; null for an unknown or another tenant's job. Read only.

local function position(run)
  local pool = run.stage == 'prepare' and 'prepare' or run.pool
  local rank = redis.call('ZRANK', keys.queue(pool, run.lane, run.tenant), run.id)
  return rank and rank + 1
end

-- What the run says is not this job's any more once it has left.
local function ending(job, run)
  if job.cancelled then
    return {state = 'cancelled', ended_ms = tonumber(job.cancelled)}
  end
  return {
    state = run.state,
    ended_ms = tonumber(run.ended),
    stage = run.stage,
    position = is_live(run) and position(run),
    reason = run.reason,
    detail = run.detail,
    transcript_key = run.transcript,
  }
end

local function record(job, run)
  local shown = ending(job, run)
  return {
    job_id = given.job_id,
    tenant = job.tenant,
    name = job.name,
    state = shown.state,
    transcription_id = run.id,
    digest = run.digest,
    pool = run.pool,
    identity = redis.call('HGET', keys.identities, run.identity),
    created_ms = tonumber(job.created),
    started_ms = or_null(tonumber(run.started)),
    ended_ms = or_null(shown.ended_ms),
    audio_s = or_null(tonumber(run.audio_s)),
    done_s = tonumber(run.done_ms) / 1000,
    stage = shown.stage or '',
    attempt = tonumber(run.attempt),
    position = or_null(shown.position),
    reason = or_null(shown.reason),
    detail = or_null(shown.detail),
    transcript_key = or_null(shown.transcript_key),
    cached = job.hit ~= nil,
    rev = tonumber(run.rev),
  }
end

local job = load_hash(keys.job(given.job_id))
local is_known = job and job.tenant == given.tenant
return cjson.encode({
  job = or_null(is_known and record(job, load_run(job.tr))),
  ledger_lost = redis.call('EXISTS', keys.epoch) == 0 or redis.call('EXISTS', keys.restoring) == 1,
})
