-- Views: a job as its client sees it.

-- The run's rank in its tenant's queue, and how many stand there; nothing when it does not wait.
local function position(run)
  local queue = keys.queue(run.stage == 'prepare' and 'prepare' or run.pool, run.lane, run.tenant)
  local rank = redis.call('ZRANK', queue, run.id)
  if rank then
    return rank + 1, redis.call('ZCARD', queue)
  end
end

-- What the run says is not this job's any more once it has left.
local function job_ending(job, run)
  if job.cancelled then
    return {state = 'cancelled', ended_ms = tonumber(job.cancelled)}
  end
  local rank, count
  if is_live(run) then
    rank, count = position(run)
  end
  return {
    state = run.state,
    ended_ms = tonumber(run.ended),
    stage = run.stage,
    position = rank,
    queue_length = count,
    reason = run.reason,
    detail = run.detail,
    transcript_key = not job.expired and run.transcript,
  }
end

-- A job and its run as JobView has them.
local function job_record(job_id, job, run)
  local shown = job_ending(job, run)
  return {
    job_id = job_id,
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
    queue_length = or_null(shown.queue_length),
    reason = or_null(shown.reason),
    detail = or_null(shown.detail),
    transcript_key = or_null(shown.transcript_key),
    cached = job.hit ~= nil,
    rev = tonumber(run.rev),
  }
end

