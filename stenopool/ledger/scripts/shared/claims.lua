-- Claims: who holds which unit, and how that ends.
local spent_ms = 6 * 3600 * 1000 -- longer than any unit takes: whoever repeats a call later has given up long ago

-- Claim, unit and run of a claim in force; nil when it was spent or never made. A claim whose lease ran out is in force
-- until somebody else takes the unit.
local function in_force(claim_id)
  local claim = load_claim(claim_id)
  if claim then
    return {claim = claim, unit = load_unit(claim.run, claim.unit), run = load_run(claim.run)}
  end
end

-- Ends a claim and remembers by which operation, so that the same call again is known.
local function spend(claim_id, operation)
  redis.call('ZREM', keys.leases, claim_id)
  redis.call('HDEL', keys.claims, claim_id)
  redis.call('SET', keys.spent(claim_id), operation, 'PX', spent_ms)
end

-- The answer to an operation whose claim is not in force.
local function already_or_refused(claim_id, operation)
  return redis.call('GET', keys.spent(claim_id)) == operation and 'already' or 'refused'
end

-- Every change of a run counts.
local function touch(run)
  redis.call('HINCRBY', keys.run(run.id), 'rev', 1)
end

-- Takes note of how much of a span is done; the run keeps the sum.
local function set_progress(held, done_ms)
  if held.unit.kind ~= 'span' then
    return
  end
  done_ms = math.min(done_ms, to_ms(held.unit.cost_s))
  if done_ms ~= held.claim.done_ms then
    redis.call('HINCRBY', keys.run(held.run.id), 'done_ms', done_ms - held.claim.done_ms)
    held.claim.done_ms = done_ms
    touch(held.run)
  end
end

-- Gives the unit to a worker. A claim that was in force through its expiry loses its right now.
local function lease(run, unit, claim_id, worker)
  if unit.claim ~= '' then
    spend(unit.claim, 'lost')
  end
  unit.state, unit.claim, unit.claims = 'leased', claim_id, unit.claims + 1
  redis.call('ZADD', keys.leases, now + given.lease_ms, claim_id)
  redis.call('ZADD', keys.open_units(pool_of(run, unit)), unit.cost_s, full_name(unit))
  save_claim({
    id = claim_id, run = run.id, unit = unit.id, worker = worker, started = 0, rearmed = 0, deadline = 0, done_ms = 0,
  })
  save_unit(unit)
  if run.state == 'queued' then
    run.state = 'processing'
    redis.call('HSET', keys.run(run.id), 'state', run.state, 'started', now)
    tell_run(run, run.state)
  end
  touch(run)
end

-- Spends an attempt: a unit has three.
local function spend_attempt(held)
  local unit = held.unit
  unit.attempt, unit.claims, unit.last_worker = unit.attempt + 1, unit.claims - 1, held.claim.worker
  if unit.kind == 'span' then
    redis.call('HSETNX', keys.run(held.run.id), 'begun', now)
  end
  if unit.attempt > tonumber(held.run.attempt) then
    redis.call('HSET', keys.run(held.run.id), 'attempt', unit.attempt)
  end
  count_one('attempt.' .. unit.kind)
  touch(held.run)
end

-- The unit is done; the claim is spent by `operation`.
local function complete_unit(held, operation)
  close_unit(held.run, held.unit)
  spend(held.claim.id, operation)
  held.unit.state, held.unit.claim = 'done', ''
  save_unit(held.unit)
  touch(held.run)
end

