-- view: a job and its run as one consistent read; null for an unknown or another tenant's job. Read only.
local job = load_job(given.job_id)
local is_known = job and job.tenant == given.tenant
return cjson.encode({
  job = or_null(is_known and job_record(given.job_id, job, load_run(job.tr))),
  ledger_lost = redis.call('EXISTS', keys.epoch) == 0 or redis.call('EXISTS', keys.restoring) == 1
    or (not is_known and may_be_behind() or false),
})
