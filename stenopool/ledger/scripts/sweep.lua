-- sweep: what time alone changes. Leases that ran out put their units back, delayed units that are due wait, lost bells
-- are found. A sweep that comes soon after another does nothing. After a gap (Redis was away, or its clock was set)
-- nobody could renew: every lease is extended once instead of ended.
local most_at_once = 100
local most_failed_jobs = 1000 -- whoever sweeps writes so many manifests after it; the rest waits for the next sweep
local most_delay_ms = 3600 * 1000

local counts = {ran = true, expired = 0, failed = 0, delayed_due = 0, rearmed = 0, ledger_lost = false}

local function answer()
  counts.failed_runs = failures()
  counts.bells = bells()
  return cjson.encode(counts)
end

-- Times that a clock set back has left in the far future come near again.
local function clamp(set, latest)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', set, '(' .. latest, '+inf')) do
    redis.call('ZADD', set, latest, member)
  end
end

local function rearm_leases()
  for _, claim_id in ipairs(redis.call('ZRANGE', keys.leases, 0, -1)) do
    local claim = load_claim(claim_id)
    if claim.rearmed == 0 then
      claim.rearmed = 1
      save_claim(claim)
      local expiry = tonumber(redis.call('ZSCORE', keys.leases, claim_id))
      redis.call('ZADD', keys.leases, math.max(expiry, now + given.lease_ms), claim_id)
      counts.rearmed = counts.rearmed + 1
    end
  end
end

local function end_leases()
  for _, claim_id in ipairs(redis.call('ZRANGEBYSCORE', keys.leases, '-inf', now, 'LIMIT', 0, most_at_once)) do
    if failed_jobs >= most_failed_jobs then
      return
    end
    -- A run that failed a moment ago has taken its other claims with it.
    local held = in_force(claim_id)
    if held then
      counts.expired = counts.expired + 1
      counts.failed = counts.failed + (expire(held) and 1 or 0)
    end
  end
end

local function end_delays()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', keys.delayed, '-inf', now, 'LIMIT', 0, most_at_once)) do
    local run_id, unit_id = name:match('^([^/]*)/(.*)$')
    local run, unit = load_run(run_id), load_unit(run_id, unit_id)
    redis.call('ZREM', keys.delayed, name)
    enter_waiting(run, unit, unit.order)
    save_unit(unit)
    touch(run)
    counts.delayed_due = counts.delayed_due + 1
  end
end

counts.ledger_lost = redis.call('EXISTS', keys.epoch) == 0
local last = tonumber(redis.call('GET', keys.tick) or 0)
local age = now - last
if age >= 0 and age < given.sweep_ms * 4 / 5 then
  counts.ran = false
  return answer()
end

begin_even_when_full()
redis.call('SET', keys.tick, now)
clamp(keys.leases, now + 2 * given.lease_ms)
clamp(keys.delayed, now + most_delay_ms)
if age < 0 or age > given.gap_ms then
  rearm_leases()
end
end_leases()
end_delays()
for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  touched[pool] = true
end
return answer()
