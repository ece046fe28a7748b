-- pool_view: identity, live workers and backlog of a pool. Read only.
local sums = load_hash(keys.sums(given.pool)) or {}
local waiting_ms = 0
for field, value in pairs(sums) do
  if field:sub(1, 11) == 'waiting_ms.' then
    waiting_ms = waiting_ms + value
  end
end
local register = load_hash(keys.pool_register(given.pool)) or {}
return cjson.encode({
  identity = or_null(register.identity),
  live_workers = redis.call('ZCOUNT', keys.pool_workers(given.pool), '(' .. now, '+inf'),
  waiting = tonumber(sums.waiting_n or 0),
  open = redis.call('ZCARD', keys.open_units(given.pool)),
  waiting_s = waiting_ms / 1000,
  speed = or_null(register.took_ms and register.heard_ms / register.took_ms),
})
