-- pending_deliveries: what a job's webhook is still to be told of the run that the job is on; none for an unknown or another
-- tenant's job. Read only.
local job = load_hash(keys.job(given.job_id))
local pending = {}
for _, event in ipairs(job and job.tenant == given.tenant and endings or {}) do
  local id = delivery_id(given.job_id, job.run, event)
  local entry = load_hash(keys.delivery(id))
  if entry then
    pending[#pending + 1] = {
      delivery_id = id,
      run_number = tonumber(entry.run),
      event = event,
      at_ms = tonumber(entry.at),
      next_ms = tonumber(redis.call('ZSCORE', keys.outbox, id)),
      attempts = attempts_of(entry),
    }
  end
end
return pending[1] and cjson.encode(pending) or '[]'
