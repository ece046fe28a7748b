-- plan: commits `prepare`; the run is measured and gets its units. One that is too long for its tenant's quota fails, with
-- the measure taken note of. Answers ok (and the run, if it failed), already or refused.
-- When Redis is full nothing is written: the first write adds. A run that fails does so in spite of it.

local function answer(outcome)
  return cjson.encode({outcome = outcome, failed_runs = failures(), bells = bells()})
end

local function count(kind)
  local number = 0
  for _, unit in ipairs(given.units) do
    number = number + (unit.kind == kind and 1 or 0)
  end
  return number
end

local function stage(spans)
  if count('detect') > 0 then
    return 'detect'
  end
  return spans > 0 and 'span' or 'assemble'
end

-- Units keep the run's place in the order of arrival, one millisecond apart so that they keep their own.
local function add_unit(run, planned, index, is_blocked)
  local unit = new_unit(run.id, planned.unit_id, planned.kind, run.created + index)
  unit.cost_s, unit.from, unit.to = planned.cost_s, planned.from_sample, planned.to_sample
  if not is_blocked then
    enter_waiting(run, unit, unit.order)
  end
  save_unit(unit)
end

local held = in_force(given.claim_id)
if not held or held.unit.kind ~= 'prepare' then
  return answer(already_or_refused(given.claim_id, 'plan'))
end
local run, spans = held.run, count('span')
if is_over_quota(run, to_ms(given.audio_s)) then
  begin_even_when_full()
  spend(held.claim.id, 'plan')
  held.unit.claim = ''
  save_unit(held.unit)
  redis.call('HSET', keys.run(run.id), 'audio_s', given.audio_s)
  run.audio_s = given.audio_s
  fail_run(run, 'quota_exceeded')
  return answer('ok')
end
redis.call('HSET', keys.run(run.id),
  'plan', given.plan_id, 'audio_s', given.audio_s, 'units', spans, 'stage', stage(spans))
run_is_measured(run, to_ms(given.audio_s))
complete_unit(held, 'plan')
local prepared_ms = 0
for i, planned in ipairs(given.units) do
  local is_blocked = planned.blocked
  if planned.kind == 'assemble' then
    is_blocked = spans > 0
  end
  add_unit(run, planned, i - 1, is_blocked)
  prepared_ms = prepared_ms + (planned.kind == 'span' and to_ms(planned.cost_s) or 0)
end
count_prepared(run, prepared_ms)
return answer('ok')
