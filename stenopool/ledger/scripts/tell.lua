-- tell: the text of a span as it is recognised, for those who listen. Only a claim in force may speak, and what it has
-- said before is not said twice. Where another claim has spoken for the span before it, listeners are told that the span
-- begins again. Answers whether the claim is in force. When Redis is full nothing is written: the first write adds.

local function answer(is_heard)
  return cjson.encode({is_heard = is_heard, bells = bells()})
end

local function load_told(run, unit)
  local text = redis.call('HGET', keys.run_told(run.id), unit.id) or ',0,0'
  local claim, count, is_whole = text:match('^([^,]*),(%d+),(%d)$')
  return {claim = claim, count = tonumber(count), is_whole = is_whole == '1'}
end

local function save_told(run, unit, told)
  local text = told.claim .. ',' .. told.count .. ',' .. (told.is_whole and 1 or 0)
  redis.call('HSET', keys.run_told(run.id), unit.id, text)
end

local function whole_units(run)
  local count = 0
  for _, text in ipairs(redis.call('HVALS', keys.run_told(run.id))) do
    count = count + (text:sub(-2) == ',1' and 1 or 0)
  end
  return count
end

local held = in_force(given.claim_id)
if not held or held.unit.kind ~= 'span' then
  return answer(false)
end
local run, unit, last = held.run, held.unit, nil

local function say(kind, body)
  last = next_event()
  redis.call('XADD', keys.events(run.id), last, 'kind', kind, 'unit', unit.id, 'body', body)
end

local told = load_told(run, unit)
if told.claim ~= given.claim_id then
  if told.claim ~= '' then
    say('restarted', '')
  end
  told = {claim = given.claim_id, count = 0, is_whole = false}
end
local room = most_told - redis.call('XLEN', keys.events(run.id))
local segments = given.segments or {}
for i = told.count - given.first + 1, #segments do
  -- A place before the first: something was left out, and then the rest is, too.
  if i < 1 or room <= 0 then
    break
  end
  say('segment', segments[i])
  told.count, room = told.count + 1, room - 1
end
if given.is_whole and not told.is_whole and told.count == given.first + #segments then
  told.is_whole = true
  save_told(run, unit, told)
  say('whole', whole_units(run) .. '/' .. run.units)
end
if last then
  save_told(run, unit, told)
  redis.call('ZADD', keys.tenant_told(run.tenant), last, run.id)
  redis.call('ZREMRANGEBYSCORE', keys.tenant_told(run.tenant), '-inf', text_of((now - kept_ms) * 1000))
  redis.call('PEXPIRE', keys.tenant_told(run.tenant), kept_ms)
end
return answer(true)
