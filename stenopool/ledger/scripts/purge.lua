-- purge: the store is clean of these things; the ledger drops what it knows of them. What is not to go any more stays.
-- Answers how many were dropped.
local droppers = {}

function droppers.job(job_id)
  if not redis.call('HGET', keys.job(job_id), 'deleting') then
    return false
  end
  redis.call('DEL', keys.job(job_id))
  return true
end

function droppers.tr(run_id)
  if tonumber(redis.call('HGET', keys.run(run_id), 'jobs') or 0) == 0 then
    redis.call('DEL', keys.run(run_id))
  end
  return true
end

function droppers.result(run_id)
  redis.call('HDEL', keys.run(run_id), 'transcript')
  return true
end

function droppers.media(upload_id)
  media_go('media/' .. upload_id)
  return true
end

begin_even_when_full()
local count = 0
for _, member in ipairs(given.members) do
  local kind, id = member:match('^([^/]*)/(.*)$')
  local moment, drop = due_at(member), droppers[kind]
  if moment and moment <= now and (not drop or drop(id)) then
    redis.call('ZREM', keys.due, member)
    count_one('removed.' .. kind)
    count = count + 1
  end
end
return cjson.encode({dropped = count, bells = bells()})
