-- Outbox: what webhooks are still to be told. A job's ending is one event and one delivery, whose id says job, number of
-- the run and ending: told twice, it is the same delivery.
local endings = {'completed', 'failed', 'cancelled'}

local function delivery_id(job_id, run_number, event)
  return job_id .. '-' .. run_number .. '-' .. event
end

-- A job whose record this is ended so; whoever asked to be told will be.
local function announce(job_id, job, event, ended)
  if job.hook then
    local id = delivery_id(job_id, job.run, event)
    redis.call('ZADD', keys.outbox, now, id)
    redis.call('HSET', keys.delivery(id), 'job', job_id, 'run', job.run, 'event', event, 'at', ended)
  end
end

-- All jobs that wait on a live run end with it. Not their whole records: there may be a thousand.
local function announce_run(run, event)
  for _, job_id in ipairs(jobs_on(run)) do
    local found = redis.call('HMGET', keys.job(job_id), 'hook', 'run')
    announce(job_id, {hook = found[1], run = found[2]}, event, now)
  end
end

local function drop_delivery(id)
  redis.call('ZREM', keys.outbox, id)
  redis.call('DEL', keys.delivery(id))
end

-- A job that goes is told of no more.
local function drop_deliveries(job_id, job)
  for _, event in ipairs(endings) do
    drop_delivery(delivery_id(job_id, job.run, event))
  end
end

-- Tries so far, oldest first; nothing for none, because Lua would write an empty list as an object.
local function attempts_of(entry)
  local attempts = {}
  for at, status, reason in (entry.attempts or ''):gmatch('(%d+),(%d*),([^;]*)') do
    attempts[#attempts + 1] = {at_ms = tonumber(at), status = or_null(tonumber(status)), reason = reason}
  end
  return attempts[1] and attempts
end
