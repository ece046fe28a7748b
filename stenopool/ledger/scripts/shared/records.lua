-- Units and claims as one line of text each; the twin of stenopool/ledger/codec.py. A record in hand also knows what it
-- is stored under: `run` and `id`.
local unit_fields = {
  'kind', 'state', 'cost_s', 'from', 'to', 'attempt', 'claims', 'claim', 'last_worker', 'order', 'delayed_ms',
}
local claim_fields = {'run', 'unit', 'worker', 'started', 'rearmed', 'deadline', 'done_ms'}
local texts = {kind = true, state = true, claim = true, last_worker = true, run = true, unit = true, worker = true}

local function pack(record, fields)
  local parts = {}
  for i, field in ipairs(fields) do
    parts[i] = tostring(record[field])
  end
  return table.concat(parts, ',')
end

local function unpack_into(record, fields, text)
  local i = 0
  for part in (text .. ','):gmatch('([^,]*),') do
    i = i + 1
    record[fields[i]] = texts[fields[i]] and part or tonumber(part)
  end
  return record
end

-- The unit, or nil.
local function load_unit(run_id, unit_id)
  local text = redis.call('HGET', keys.run_units(run_id), unit_id)
  return text and unpack_into({run = run_id, id = unit_id}, unit_fields, text) or nil
end

local function save_unit(unit)
  redis.call('HSET', keys.run_units(unit.run), unit.id, pack(unit, unit_fields))
end

-- All units of a run, in the order of their names.
local function load_units(run_id)
  local names = redis.call('HKEYS', keys.run_units(run_id))
  table.sort(names)
  local units = {}
  for i, name in ipairs(names) do
    units[i] = load_unit(run_id, name)
  end
  return units
end

-- A fresh unit that nobody has touched, not stored yet.
local function new_unit(run_id, id, kind, order)
  return {
    run = run_id, id = id, kind = kind, state = 'blocked', cost_s = 0, from = 0, to = 0,
    attempt = 0, claims = 0, claim = '', last_worker = '', order = order, delayed_ms = 0,
  }
end

-- The unit's name among the units of all runs.
local function full_name(unit)
  return unit.run .. '/' .. unit.id
end

-- Milliseconds of audio: whole numbers, so that sums stay exact.
local function to_ms(seconds)
  return math.floor(seconds * 1000 + 0.5)
end

local function load_claim(claim_id)
  local text = redis.call('HGET', keys.claims, claim_id)
  return text and unpack_into({id = claim_id}, claim_fields, text) or nil
end

local function save_claim(claim)
  redis.call('HSET', keys.claims, claim.id, pack(claim, claim_fields))
end

-- A hash as a table, nil when there is none.
local function load_hash(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then
    return nil
  end
  local hash = {}
  for i = 1, #flat, 2 do
    hash[flat[i]] = flat[i + 1]
  end
  return hash
end

local function load_run(run_id)
  local run = load_hash(keys.run(run_id))
  if run then
    run.id = run_id
  end
  return run
end

local function is_live(run)
  return run.state == 'queued' or run.state == 'processing'
end

