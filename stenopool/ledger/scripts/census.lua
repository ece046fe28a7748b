-- census: what waits, what is held, who is alive, what was counted; for whoever looks. Read only. Takes as long as there
-- are tenants who wait and workers who live.
local pools, held, workers = {}, {}, {}
local all_are_drained = redis.call('SISMEMBER', keys.drained, '*') == 1

local function waiting_runs(pool)
  local runs = 0
  for lane in members(keys.lanes(pool)) do
    for tenant in members(keys.tenants(pool, lane)) do
      runs = runs + redis.call('ZCARD', keys.queue(pool, lane, tenant))
    end
  end
  return runs
end

local function waiting_ms(sums)
  local total = 0
  for field, value in pairs(sums) do
    if field:sub(1, 11) == 'waiting_ms.' then
      total = total + value
    end
  end
  return total
end

-- Each level stands at the place of the first below it: the pool's first lane tells when its first unit came.
local function oldest_ms(pool)
  local since = redis.call('ZRANGE', keys.lanes(pool), 0, 0, 'WITHSCORES')[2]
  return since and math.max(0, now - tonumber(since)) or 0
end

local function alive(pool)
  return redis.call('ZRANGEBYSCORE', keys.pool_workers(pool), '(' .. now, '+inf')
end

local function look_at_pool(pool)
  local sums = load_hash(keys.sums(pool)) or {}
  pools[pool] = {
    identity = or_null(redis.call('HGET', keys.pool_register(pool), 'identity')),
    live_workers = #alive(pool),
    waiting = tonumber(sums.waiting_n or 0),
    waiting_runs = waiting_runs(pool),
    waiting_s = waiting_ms(sums) / 1000,
    oldest_s = oldest_ms(pool) / 1000,
    open = redis.call('ZCARD', keys.open_units(pool)),
    prepared_s = tonumber(sums.prepared_ms or 0) / 1000,
    drained = 0,
  }
  for _, worker_id in ipairs(alive(pool)) do
    local worker = load_hash(keys.worker(worker_id))
    if worker then
      -- The housekeeper claims nothing anyway.
      local is_drained = pool ~= 'house'
        and (all_are_drained or redis.call('SISMEMBER', keys.drained, worker_id) == 1)
      pools[pool].drained = pools[pool].drained + (is_drained and 1 or 0)
      workers[worker_id] = {
        pools = worker.pools, identity = worker.identity, device = worker.device or '', gpu = worker.gpu or '',
        host = worker.host,
        pid = tonumber(worker.pid), state = worker.state, is_drained = is_drained, seen_ms = tonumber(worker.seen),
      }
    end
  end
end

local function look_at_claims()
  for _, claim_id in ipairs(redis.call('ZRANGE', keys.leases, 0, -1)) do
    local claim = load_claim(claim_id)
    local unit = claim and load_unit(claim.run, claim.unit)
    if unit then
      local of_kind = held[unit.kind] or {units = 0, audio_s = 0}
      held[unit.kind] = {units = of_kind.units + 1, audio_s = of_kind.audio_s + unit.cost_s}
    end
  end
end

-- A managed Redis may forbid the question.
local function told_by_redis(section)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and info or ''
end

local function is_persistent()
  local info = told_by_redis('persistence')
  local is_enabled = info:match('\naof_enabled:(%d)')
  return is_enabled and is_enabled == '1' and info:match('\naof_last_write_status:(%w+)') == 'ok'
end

local counts = load_hash(keys.counts) or {}
for name, value in pairs(counts) do
  counts[name] = tonumber(value)
end
for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  look_at_pool(pool)
end
look_at_claims()
local memory = told_by_redis('memory')
return cjson.encode({
  epoch = or_null(redis.call('GET', keys.epoch)),
  pools = pools,
  held = held,
  delayed = redis.call('ZCARD', keys.delayed),
  workers = workers,
  counts = counts,
  redis_bytes = or_null(tonumber(memory:match('\nused_memory:(%d+)'))),
  redis_most_bytes = or_null(tonumber(memory:match('\nmaxmemory:(%d+)'))),
  redis_evicted = or_null(tonumber(told_by_redis('stats'):match('\nevicted_keys:(%d+)'))),
  redis_is_persistent = or_null(is_persistent()),
})
