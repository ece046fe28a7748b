-- take_deliveries: hands out what is due to be delivered, under a lease: nobody else gets it until then. What is
-- due for a job that is gone is dropped. The same take again gets what it got. Answers the deliveries, each with its job.
local most_delay_ms = 9 * 3600 * 1000

local function answer(deliveries)
  return cjson.encode({deliveries = deliveries[1] and deliveries})
end

local function with_job(id, entry, job)
  return {
    delivery_id = id,
    run_number = tonumber(entry.run),
    event = entry.event,
    at_ms = tonumber(entry.at),
    attempts = attempts_of(entry),
    job = job_record(entry.job, job, load_run(job.tr)),
  }
end

local function taken_before(ids)
  local deliveries = {}
  for id in ids:gmatch('%S+') do
    local entry = load_hash(keys.delivery(id))
    local job = entry and entry.taken == given.take_id and load_hash(keys.job(entry.job))
    if job then
      deliveries[#deliveries + 1] = with_job(id, entry, job)
    end
  end
  return deliveries
end

local before = redis.call('GET', keys.taken_deliveries(given.take_id))
if before then
  return answer(taken_before(before))
end

begin_even_when_full()
-- Times that a clock set back has left in the far future come near again.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', keys.outbox, '(' .. now + most_delay_ms, '+inf', 'LIMIT', 0, given.limit)) do
  redis.call('ZADD', keys.outbox, now + most_delay_ms, id)
end
local deliveries, ids = {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', keys.outbox, '-inf', now, 'LIMIT', 0, given.limit)) do
  local entry = load_hash(keys.delivery(id))
  local job = entry and load_hash(keys.job(entry.job))
  if job then
    redis.call('ZADD', keys.outbox, now + given.lease_ms, id)
    redis.call('HSET', keys.delivery(id), 'taken', given.take_id)
    deliveries[#deliveries + 1] = with_job(id, entry, job)
    ids[#ids + 1] = id
  else
    drop_delivery(id)
  end
end
if ids[1] then
  redis.call('SET', keys.taken_deliveries(given.take_id), table.concat(ids, ' '), 'PX', given.lease_ms)
end
return answer(deliveries)
