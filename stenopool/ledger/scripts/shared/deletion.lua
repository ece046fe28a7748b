-- Deletion: how jobs leave runs, and what goes when the last has left.

-- Media, unless a live run needs them, or the jobs of another one may still read them and be tried again with them.
local function let_media_go(run)
  local moment = due_at(run.media)
  if moment and moment < math.huge and not is_media_shared(run, false) then
    go_at(run.media, now)
  end
end

-- Nobody can read the transcript any more, and nobody shall find it.
local function let_result_go(run)
  clear_index(run)
  forget_text(run.id)
  let_media_go(run)
  go_at('result/' .. run.id, now)
  go_at('work/' .. run.id, now)
end

-- No job points at the run any more.
local function let_run_go(run)
  clear_index(run)
  forget_left(run)
  forget_text(run.id)
  redis.call('ZREM', keys.due, 'result/' .. run.id, 'pcm/' .. run.id)
  let_media_go(run)
  go_at('tr/' .. run.id, now)
  go_at('work/' .. run.id, now)
end

-- The job reads the result no longer.
local function count_reader_out(run, job)
  if reads_result(job) then
    run.readers = redis.call('HINCRBY', keys.run(run.id), 'readers', -1)
    if run.readers == 0 and run.state == 'completed' then
      let_result_go(run)
    end
  end
end

-- Another run does the job's work: the one before it stays for its other jobs, or its record goes. Its media and work
-- keep their time: the other run may need them.
local function repoint(job_id, job, run)
  redis.call('ZREM', keys.due, 'job/' .. job_id)
  if reads_result(job) then
    redis.call('HINCRBY', keys.run(run.id), 'readers', -1)
  end
  if count_out(run) then
    go_at('tr/' .. run.id, now)
  end
end

-- From now on the job is unknown to whoever asks; its record waits until the store is clean.
local function begin_deletion(job_id, job)
  local run = load_run(job.tr)
  if is_live(run) and not job.cancelled then
    job_closes(job.tenant)
    leave_run(run, job_id)
  end
  redis.call('ZREM', keys.tenant_jobs(job.tenant), job_id)
  if job.ext then
    redis.call('ZREM', keys.tenant_external(job.tenant, job.ext), job_id)
  end
  count_reader_out(run, job)
  redis.call('HSET', keys.job(job_id), 'deleting', now)
  tell_change(job.tenant, job_id, 'deleted')
  go_at('job/' .. job_id, now)
  drop_deliveries(job_id, job)
  if count_out(run) then
    let_run_go(run)
  end
end

-- What is to be removed from the store with a job that is being deleted, or whose result has expired.
local function doomed(run_id)
  local found, run = {}, load_run(run_id)
  local names = {'result/' .. run_id, 'tr/' .. run_id, 'work/' .. run_id, run and run.media or ''}
  for _, member in ipairs(names) do
    local moment = due_at(member)
    if moment and moment <= now then
      found[#found + 1] = member
    end
  end
  return found[1] and found
end

-- Whether every job is known: nothing is removed before.
local function is_whole()
  return redis.call('EXISTS', keys.epoch) == 1 and redis.call('EXISTS', keys.restoring) == 0 and not may_be_behind()
end
