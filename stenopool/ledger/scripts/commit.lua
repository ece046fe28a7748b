-- commit: a `detect` or `span` unit is done. `detect` sets the language and lets the spans go; the last span hands
-- `assemble` to the same worker, under the claim id with "+" behind it. Answers ok, already or refused, and that grant:
-- also with `already`, because the first answer may have been lost.

local function answer(outcome, following)
  return cjson.encode({outcome = outcome, next = or_null(following), bells = bells()})
end

local function let_spans_go(run)
  for _, unit in ipairs(load_units(run.id)) do
    if unit.kind == 'span' and unit.state == 'blocked' then
      enter_waiting(run, unit, unit.order)
      save_unit(unit)
    end
  end
  redis.call('HSET', keys.run(run.id), 'stage', 'span')
end

local function assemble_unit(run)
  for _, unit in ipairs(load_units(run.id)) do
    if unit.kind == 'assemble' then
      return unit
    end
  end
end

local next_id = given.claim_id .. '+'
local held = in_force(given.claim_id)
if not held or (held.unit.kind ~= 'span' and held.unit.kind ~= 'detect') then
  local outcome, following = already_or_refused(given.claim_id, 'commit'), in_force(next_id)
  return answer(outcome, outcome == 'already' and following and grant(following.run, following.unit, next_id))
end

begin_even_when_full()
local run = held.run
if given.language then
  run.language = given.language
  redis.call('HSET', keys.run(run.id), 'language', given.language)
end
set_progress(held, to_ms(held.unit.cost_s))
complete_unit(held, 'commit')
if held.unit.kind == 'detect' then
  let_spans_go(run)
  return answer('ok')
end
count_prepared(run, -to_ms(held.unit.cost_s))
if redis.call('HINCRBY', keys.run(run.id), 'done', 1) < tonumber(run.units) then
  return answer('ok')
end
local assemble = assemble_unit(run)
redis.call('HSET', keys.run(run.id), 'stage', 'assemble')
lease(run, assemble, next_id, held.claim.worker)
return answer('ok', grant(run, assemble, next_id))
