-- Intake: what a job is given to wait for, when it comes and when it is tried again.

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

-- A new run of its own for the job: one unit waits, `prepare`.
local function add_run()
  local run = {id = given.transcription_id, pool = given.pool, lane = given.lane, tenant = given.tenant, media = given.media_key}
  redis.call('HSET', keys.run(run.id),
    'state', 'queued', 'digest', given.digest, 'identity', identity_name(given.identity), 'pool', run.pool,
    'tenant', run.tenant, 'lane', run.lane, 'media', run.media, 'work', given.work_key, 'units', 0, 'done', 0, 'done_ms', 0,
    'attempt', 0, 'stage', 'prepare', 'first_job', given.job_id, 'rev', 1, 'created', now, 'v', 1)
  redis.call('SET', keys.run_options(run.id), given.options)
  redis.call('HSET', keys.digest_bucket(given.digest), keys.digest_field(given.digest), run.id)
  redis.call('SADD', keys.pools, 'prepare', run.pool)
  local unit = new_unit(run.id, 'prepare', 'prepare', now)
  unit.cost_s = given.estimated_s
  enter_waiting(run, unit, now)
  save_unit(unit)
  return run
end

