-- Intake: how a job and a run get their records, when a job comes, is tried again or is restored. `given` is a submission.
local idempotency_ms = 24 * 3600 * 1000

-- The first write adds: when Redis is full nothing of the job is written.
local function add_job(run_id, is_hit, created)
  local record = keys.job(given.job_id)
  redis.call('HSET', record, 'tenant', given.tenant, 'tr', run_id, 'run', given.run_number, 'name', given.name,
    'created', created, 'keep', given.keep.result_ms, 'v', 1)
  if is_hit then
    redis.call('HSET', record, 'hit', 1)
  end
  if given.has_hook then
    redis.call('HSET', record, 'hook', 1)
  end
  redis.call('ZADD', keys.tenant_jobs(given.tenant), created, given.job_id)
  if given.external_hash then
    redis.call('HSET', record, 'ext', given.external_hash)
    redis.call('ZADD', keys.tenant_external(given.tenant, given.external_hash), created, given.job_id)
  end
  count_in(run_id, true)
end

-- The job that answers the same request again, if it is there.
local function earlier_request()
  local text = given.idempotency_hash and redis.call('GET', keys.idempotency(given.tenant, given.idempotency_hash))
  if not text then
    return nil
  end
  local job_id, request_hash = text:match('^([^,]*),(.*)$')
  local job = load_job(job_id)
  return job and {job_id = job_id, run_id = job.tr, is_same = request_hash == given.request_hash}
end

-- Whether the earlier job of this request's key may be among what is not back yet.
local function is_earlier_request_unsure()
  return given.idempotency_hash ~= nil and not earlier_request() and (may_be_behind() or false)
end

-- The same request again, within this time, is answered with this job.
local function remember_request(milliseconds)
  if given.idempotency_hash and milliseconds > 0 and not earlier_request() then
    local key = keys.idempotency(given.tenant, given.idempotency_hash)
    redis.call('SET', key, given.job_id .. ',' .. given.request_hash, 'PX', milliseconds)
  end
end

-- The newest live or completed run of a digest.
local function indexed_run(digest)
  local run_id = redis.call('HGET', keys.digest_bucket(digest), keys.digest_field(digest))
  return run_id and load_run(run_id)
end

local function count_jobs(run)
  return redis.call('SCARD', keys.run_jobs(run.id)) + (run.first_job ~= '' and 1 or 0)
end

local function waiting_units()
  local prepare = redis.call('HGET', keys.sums('prepare'), 'waiting_n') or 0
  local recognise = redis.call('HGET', keys.sums(given.pool), 'waiting_n') or 0
  return prepare + recognise
end

-- A new run for the job, whose `prepare` waits at the place of its arrival.
local function add_run(arrived)
  local run = {
    id = given.transcription_id, pool = given.pool, lane = given.lane, tenant = given.tenant, media = given.media_key,
  }
  redis.call('HSET', keys.run(run.id),
    'state', 'queued', 'digest', given.digest, 'identity', identity_name(given.identity), 'pool', run.pool,
    'tenant', run.tenant, 'lane', run.lane, 'media', run.media, 'work', given.work_key, 'units', 0, 'done', 0,
    'done_ms', 0, 'attempt', 0, 'stage', 'prepare', 'first_job', given.job_id, 'rev', 1, 'created', arrived,
    'keep_media', given.keep.media_ms, 'keep_failed', given.keep.failed_media_ms, 'v', 1)
  keep_for(run)
  if given.former_work_key then
    redis.call('HSET', keys.run(run.id), 'former', given.former_work_key)
  end
  if given.request_id then
    redis.call('HSET', keys.run(run.id), 'request', given.request_id)
  end
  redis.call('SET', keys.run_options(run.id), given.options)
  redis.call('HSET', keys.digest_bucket(given.digest), keys.digest_field(given.digest), run.id)
  redis.call('SADD', keys.pools, 'prepare', run.pool)
  local unit = new_unit(run.id, 'prepare', 'prepare', arrived)
  unit.cost_s = given.estimated_s
  enter_waiting(run, unit, arrived)
  save_unit(unit)
  run_opens(run)
  return run
end
