-- Queues: a unit waits in its run, the run in its tenant's queue, the tenant in its lane, the lane in its pool. Each
-- stands at the place of the first that waits below it, so the oldest is found in four steps.
local touched = {}

-- The pool whose workers can do the unit.
local function pool_of(run, unit)
  return unit.kind == 'prepare' and 'prepare' or run.pool
end

-- Puts `member` into `queue` at the place of the first in `below`, or takes it out when nothing waits below.
local function keep_place(queue, member, below)
  local score = redis.call('ZRANGE', below, 0, 0, 'WITHSCORES')[2]
  if score then
    redis.call('ZADD', queue, score, member)
  else
    redis.call('ZREM', queue, member)
  end
end

local function keep_places(run, pool)
  local queue = keys.queue(pool, run.lane, run.tenant)
  keep_place(queue, run.id, keys.run_waiting(run.id))
  keep_place(keys.tenants(pool, run.lane), run.tenant, queue)
  keep_place(keys.lanes(pool), run.lane, keys.tenants(pool, run.lane))
end

local function count_waiting(run, unit, pool, sign)
  redis.call('HINCRBY', keys.sums(pool), 'waiting_n', sign)
  -- Minus nought is a number of Lua's that Redis does not take for an integer.
  redis.call('HINCRBY', keys.sums(pool), 'waiting_ms.' .. run.lane, string.format('%d', sign * to_ms(unit.cost_s)))
  touched[pool] = true
end

-- Audio that is prepared and not recognised becomes more or less: with less there may be room for more prepare units.
local function count_prepared(run, milliseconds)
  if milliseconds ~= 0 then
    redis.call('HINCRBY', keys.sums(run.pool), 'prepared_ms', string.format('%d', milliseconds))
    touched.prepare = true
  end
end

-- A unit that is nowhere begins to wait. The caller saves it.
local function enter_waiting(run, unit, order)
  local pool = pool_of(run, unit)
  unit.state, unit.order = 'waiting', order
  redis.call('ZADD', keys.run_waiting(run.id), order, unit.id)
  redis.call('ZADD', keys.open_units(pool), unit.cost_s, full_name(unit))
  count_waiting(run, unit, pool, 1)
  keep_places(run, pool)
end

-- A unit waits no longer; what it does instead is the caller's to say and save.
local function leave_waiting(run, unit)
  local pool = pool_of(run, unit)
  redis.call('ZREM', keys.run_waiting(run.id), unit.id)
  count_waiting(run, unit, pool, -1)
  keep_places(run, pool)
end

-- A unit whose holder is gone, or whose lease ran out, waits at `order`.
local function put_back(run, unit, order)
  if unit.state == 'waiting' then
    leave_waiting(run, unit)
  end
  enter_waiting(run, unit, order)
end

local function close_unit(run, unit)
  if unit.state == 'waiting' then
    leave_waiting(run, unit)
  elseif unit.state == 'delayed' then
    redis.call('ZREM', keys.delayed, full_name(unit))
  end
  redis.call('ZREM', keys.open_units(pool_of(run, unit)), full_name(unit))
end

-- Members of a sorted set, first to last, read one by one.
local function members(key)
  local rank = -1
  return function()
    rank = rank + 1
    return redis.call('ZRANGE', key, rank, rank)[1]
  end
end

-- All runs that live, sorted: each has a unit that waits, is held or is delayed. Takes as long as there are such units.
local function open_runs()
  local found, runs = {}, {}
  local function note(names)
    for _, name in ipairs(names) do
      local run_id = name:match('^[^/]*')
      if not found[run_id] then
        found[run_id] = true
        runs[#runs + 1] = run_id
      end
    end
  end
  for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
    note(redis.call('ZRANGE', keys.open_units(pool), 0, -1))
  end
  note(redis.call('ZRANGE', keys.delayed, 0, -1))
  table.sort(runs)
  return runs
end

-- Bells that the caller must ring: what is missing to one per waiting unit, at most 32 in a queue.
local function bells()
  local missing = {}
  for pool in pairs(touched) do
    local waiting = tonumber(redis.call('HGET', keys.sums(pool), 'waiting_n') or 0)
    local count = math.min(waiting, 32) - redis.call('LLEN', bell_prefix .. pool)
    if count > 0 then
      missing[pool] = count
    end
  end
  return missing
end

