-- recount: rebuilds a pool's counters from its queues. Answers what it found.
local waiting, lane_ms = 0, {}
for lane in members(keys.lanes(given.pool)) do
  for tenant in members(keys.tenants(given.pool, lane)) do
    for run_id in members(keys.queue(given.pool, lane, tenant)) do
      for unit_id in members(keys.run_waiting(run_id)) do
        waiting = waiting + 1
        lane_ms[lane] = (lane_ms[lane] or 0) + to_ms(load_unit(run_id, unit_id).cost_s)
      end
    end
  end
end

local prepared_ms = 0
for _, run_id in ipairs(open_runs()) do
  if redis.call('HGET', keys.run(run_id), 'pool') == given.pool then
    for _, unit in ipairs(load_units(run_id)) do
      prepared_ms = prepared_ms + (unit.kind == 'span' and unit.state ~= 'done' and to_ms(unit.cost_s) or 0)
    end
  end
end

local sums, total_ms = keys.sums(given.pool), 0
redis.call('DEL', sums)
redis.call('HSET', sums, 'waiting_n', waiting, 'prepared_ms', prepared_ms)
for lane, milliseconds in pairs(lane_ms) do
  redis.call('HSET', sums, 'waiting_ms.' .. lane, milliseconds)
  total_ms = total_ms + milliseconds
end
return cjson.encode({waiting = waiting, waiting_s = total_ms / 1000})
