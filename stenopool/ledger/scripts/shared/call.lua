-- The call: what was given, when it runs, how it answers. Every script answers with JSON.
local given = cjson.decode(ARGV[1])
local bell_prefix = ARGV[2]
local now = now_ms()

-- Null instead of nothing: a field that is missing would read as forgotten.
local function or_null(value)
  if value == nil or value == false or value == '' then
    return cjson.null
  end
  return value
end

-- Over maxmemory Redis refuses a script whose first write adds something, and lets one pass whose first write removes
-- something, be it there or not. Scripts that end work begin so, or a full Redis could never become emptier.
local function begin_even_when_full()
  redis.call('DEL', 'steno:nothing')
end

