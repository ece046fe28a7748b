-- claim: leases the unit that waits longest in the first of the pools that has one; answers its grant or null.
-- The same claim id gets the same unit again, and nothing once it was spent. Bells are topped up only by a claim that
-- took something: one that found nothing but units kept for others would ring itself awake for ever.

local function main_of(worker)
  return worker:match('^(.*)/[^/]*$') or worker
end

local function has_others(pool)
  local live = redis.call('ZCOUNT', keys.pool_workers(pool), '(' .. now, '+inf')
  local score = redis.call('ZSCORE', keys.pool_workers(pool), main_of(given.worker))
  return live > ((score and tonumber(score) > now) and 1 or 0)
end

-- A unit with an attempt behind it is left to another worker for the time of one lease, if there is another.
local function is_kept_for_others(unit, pool)
  return unit.attempt > 0
    and main_of(unit.last_worker) == main_of(given.worker)
    and now - unit.order < given.lease_ms
    and has_others(pool)
end

local function next_waiting(pool)
  for lane in members(keys.lanes(pool)) do
    for tenant in members(keys.tenants(pool, lane)) do
      for run_id in members(keys.queue(pool, lane, tenant)) do
        for unit_id in members(keys.run_waiting(run_id)) do
          local unit = load_unit(run_id, unit_id)
          if not is_kept_for_others(unit, pool) then
            return unit
          end
        end
      end
    end
  end
end

local function answer(granted)
  return cjson.encode({grant = or_null(granted), bells = bells()})
end

local held = in_force(given.claim_id)
if held then
  return answer(grant(held.run, held.unit, given.claim_id))
end
if redis.call('EXISTS', keys.spent(given.claim_id)) == 1 then
  return answer(nil)
end
for _, pool in ipairs(given.pools) do
  local unit = next_waiting(pool)
  if unit then
    local run = load_run(unit.run)
    begin_even_when_full()
    leave_waiting(run, unit)
    lease(run, unit, given.claim_id, given.worker)
    return answer(grant(run, unit, given.claim_id))
  end
end
return answer(nil)
