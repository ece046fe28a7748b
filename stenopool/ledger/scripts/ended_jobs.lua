-- ended_jobs: some of the jobs that have ended, and where to go on; "0" begins and ends the round. Read only.
local found = redis.call('ZSCAN', keys.due, given.cursor, 'MATCH', 'job/*', 'COUNT', given.count)
local jobs = {}
for i = 1, #found[2], 2 do
  local job_id = found[2][i]:sub(5)
  local job = load_job(job_id)
  if job then
    jobs[#jobs + 1] = {job_id = job_id, tenant = job.tenant, created_ms = tonumber(job.created)}
  end
end
return cjson.encode({cursor = found[1], jobs = jobs[1] and jobs})
