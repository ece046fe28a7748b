-- cancel: takes a job back; the last job that leaves ends the run. Answers cancelled (again, when it was), ended with the
-- state it ended in, or unknown: also for another tenant's job.

local function answer(outcome, state, run_ended)
  return cjson.encode({outcome = outcome, state = or_null(state), run_ended = run_ended, bells = bells()})
end

local job = load_job(given.job_id)
if not job or job.tenant ~= given.tenant then
  return answer('unknown', nil, false)
end
local run = load_run(job.tr)
if job.cancelled then
  return answer('cancelled', 'cancelled', run.state == 'cancelled')
end
if not is_live(run) then
  return answer('ended', run.state, false)
end

begin_even_when_full()
count_reader_out(run, job)
redis.call('HSET', keys.job(given.job_id), 'cancelled', now)
announce(given.job_id, job, 'cancelled', now)
tell_change(given.tenant, given.job_id, 'cancelled')
job_closes(job.tenant)
schedule_job(given.job_id, job, now)
return answer('cancelled', 'cancelled', leave_run(run, given.job_id))
