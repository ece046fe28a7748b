-- forget: a job is to be deleted. It is unknown from now on, leaves its run as with cancel, and takes along what no other
-- job needs. Answers deleting (again, when it is or was), unknown (also for another tenant's job) or ledger_lost; when
-- the job was created, the ledger's epoch, and what is to be removed from the store after the job's manifest.
local remembered_ms = 48 * 3600 * 1000

local function answer(outcome, job)
  return cjson.encode({
    outcome = outcome,
    created_ms = or_null(job and tonumber(job.created)),
    epoch = or_null(redis.call('GET', keys.epoch)),
    members = job and doomed(job.tr) or nil,
    bells = bells(),
  })
end

if not is_whole() then
  return answer('ledger_lost')
end
local job = load_hash(keys.job(given.job_id))
if not job then
  return answer(redis.call('GET', keys.deleted(given.job_id)) == given.tenant and 'deleting' or 'unknown')
end
if job.tenant ~= given.tenant then
  return answer('unknown')
end
begin_even_when_full()
if not job.deleting then
  begin_deletion(given.job_id, job)
  -- Whoever repeats the call is answered the same, and a manifest that a slow process writes back is not believed.
  redis.call('SET', keys.deleted(given.job_id), job.tenant, 'PX', remembered_ms)
end
return answer('deleting', job)
