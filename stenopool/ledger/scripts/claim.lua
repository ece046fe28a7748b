-- claim: leases the unit that waits longest in the first of the pools that has one; answers its grant or null.
-- The same claim id gets the same unit again, and nothing once it was spent. Bells are topped up only by a claim that
-- took something: one that found nothing but units kept for others would ring itself awake for ever. A worker that is
-- drained gets nothing new.
local most_gated = 256 -- looked at in one call; Redis does nothing else meanwhile

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

local function is_drained(worker)
  return redis.call('SISMEMBER', keys.drained, '*') == 1 or redis.call('SISMEMBER', keys.drained, main_of(worker)) == 1
end

-- Decoded audio must not pile up: no more is prepared while the recogniser's workers have enough of it, or the disk is
-- short. Short recordings are let through, they take little of either.
local is_full = {}
local function is_gated(unit)
  local gate = given.gate
  if not gate or unit.kind ~= 'prepare' or unit.cost_s < gate.short_s then
    return false
  end
  local pool = redis.call('HGET', keys.run(unit.run), 'pool')
  if is_full[pool] == nil then
    local prepared_ms = tonumber(redis.call('HGET', keys.sums(pool), 'prepared_ms') or 0)
    local live = redis.call('ZCOUNT', keys.pool_workers(pool), '(' .. now, '+inf')
    is_full[pool] = prepared_ms > to_ms(gate.ahead_s) * math.max(1, live)
  end
  return gate.is_disk_short or is_full[pool]
end

local function next_waiting(pool)
  local gated = 0
  for lane in members(keys.lanes(pool)) do
    for tenant in members(keys.tenants(pool, lane)) do
      for run_id in members(keys.queue(pool, lane, tenant)) do
        for unit_id in members(keys.run_waiting(run_id)) do
          local unit = load_unit(run_id, unit_id)
          if is_gated(unit) then
            gated = gated + 1
          elseif not is_kept_for_others(unit, pool) then
            return unit
          end
          if gated >= most_gated then
            return nil
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
if redis.call('EXISTS', keys.spent(given.claim_id)) == 1 or is_drained(given.worker) then
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
