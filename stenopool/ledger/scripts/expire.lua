-- expire: the time of a job may have come. A completed one loses its result and is told of as expired for a while, as
-- long again as it was kept but a week at most; any other, and then this one too, begins to be deleted. Answers kept,
-- expired or deleting, when the job was created, and what is to be removed from the store (after the manifest, if
-- deleting).

local function answer(outcome, job)
  return cjson.encode({
    outcome = outcome,
    created_ms = or_null(job and tonumber(job.created)),
    members = job and doomed(job.tr) or nil,
    bells = bells(),
  })
end

local name = 'job/' .. given.job_id
local job, moment = load_hash(keys.job(given.job_id)), due_at(name)
if not is_whole() or not moment or moment > now then
  return answer('kept')
end
begin_even_when_full()
if not job then
  redis.call('ZREM', keys.due, name)
  return answer('kept')
end
if job.deleting then
  return answer('deleting', job)
end
local run = load_run(job.tr)
if run.state == 'completed' and reads_result(job) then
  redis.call('HSET', keys.job(given.job_id), 'expired', moment)
  go_at(name, math.max(moment + math.min(job.keep, longest_told_ms), now + 1))
  count_reader_out(run, job)
  touch(run)
  return answer('expired', job)
end
begin_deletion(given.job_id, job)
return answer('deleting', job)
