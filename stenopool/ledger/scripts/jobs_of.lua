-- jobs_of: the jobs that wait on a live run, sorted; none once it ended. Read only.
local run = load_run(given.transcription_id)
if not run or not is_live(run) then
  return '[]'
end
local job_ids = redis.call('SMEMBERS', keys.run_jobs(run.id))
if run.first_job ~= '' then
  job_ids[#job_ids + 1] = run.first_job
end
table.sort(job_ids)
local jobs = {}
for i, job_id in ipairs(job_ids) do
  local job = load_hash(keys.job(job_id))
  jobs[i] = {job_id = job_id, tenant = job.tenant, created_ms = tonumber(job.created)}
end
return cjson.encode(jobs)
