-- register: a worker's heartbeat. A pool of recognisers holds the engine identity of those who serve it: another
-- identity is a mismatch while any other worker is alive there, and takes the register over when none is.
-- Answers ok or mismatch, and the identity the pool holds after the call; drained for one that is to claim nothing, which
-- stays registered.

local function has_others(pool)
  for _, worker_id in ipairs(redis.call('ZRANGEBYSCORE', keys.pool_workers(pool), '(' .. now, '+inf')) do
    if worker_id ~= given.worker_id then
      return true
    end
  end
  return false
end

-- The identity in force in a pool, nil where the worker may bring its own.
local function other_identity(pool)
  local registered = redis.call('HGET', keys.pool_register(pool), 'identity')
  if registered and registered ~= given.identity and has_others(pool) then
    return registered
  end
end

local function serve(pool)
  redis.call('ZREMRANGEBYSCORE', keys.pool_workers(pool), '-inf', now)
  redis.call('ZADD', keys.pool_workers(pool), now + given.ttl_ms, given.worker_id)
  redis.call('SADD', keys.pools, pool)
  if pool ~= 'prepare' then
    redis.call('HSET', keys.pool_register(pool), 'identity', given.identity)
  end
end

begin_even_when_full()
local outcome, identity = 'ok', given.identity
for _, pool in ipairs(given.pools) do
  local other = pool ~= 'prepare' and other_identity(pool)
  if other then
    outcome, identity = 'mismatch', other
    redis.call('ZREM', keys.pool_workers(pool), given.worker_id)
  else
    serve(pool)
  end
end
redis.call('HSET', keys.worker(given.worker_id),
  'pools', table.concat(given.pools, ','), 'identity', given.identity, 'host', given.host, 'pid', given.pid,
  'state', given.state, 'seen', now)
for _, field in ipairs({'device', 'gpu'}) do
  if given[field] and given[field] ~= '' then
    redis.call('HSET', keys.worker(given.worker_id), field, given[field])
  end
end
redis.call('PEXPIRE', keys.worker(given.worker_id), given.ttl_ms)
local is_drained = redis.call('SISMEMBER', keys.drained, '*') == 1
  or redis.call('SISMEMBER', keys.drained, given.worker_id) == 1
if outcome == 'ok' and is_drained then
  outcome = 'drained'
end
return cjson.encode({outcome = outcome, identity = identity, bells = bells()})
