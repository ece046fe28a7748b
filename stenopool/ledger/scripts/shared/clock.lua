-- The ledger's only clock: Redis' own, in whole milliseconds. Microseconds would not survive Lua, which writes numbers
-- with 14 digits.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

