-- drain: a worker, or all of them (`*`), are to claim nothing more, or may again; what they hold they finish. Ended for all,
-- it is ended for each. Workers that are gone are forgotten. Answers who is drained, sorted.
begin_even_when_full()
if given.is_over and given.worker_id == '*' then
  redis.call('DEL', keys.drained)
elseif given.is_over then
  redis.call('SREM', keys.drained, given.worker_id)
else
  redis.call('SADD', keys.drained, given.worker_id)
end
local drained = {}
for _, worker_id in ipairs(redis.call('SMEMBERS', keys.drained)) do
  if worker_id == '*' or redis.call('EXISTS', keys.worker(worker_id)) == 1 then
    drained[#drained + 1] = worker_id
  else
    redis.call('SREM', keys.drained, worker_id)
  end
end
for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  touched[pool] = true
end
table.sort(drained)
return cjson.encode({drained = drained[1] and drained, bells = bells()})
