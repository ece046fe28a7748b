-- release: gives a unit back unspent. It keeps its place; with a delay it is handed out no sooner. A unit whose delays
-- come to more than an hour fails. Answers ok, whether the run failed, and that run.
local most_delay_ms = 3600 * 1000

local function answer(ok, run_failed)
  return cjson.encode({ok = ok, run_failed = run_failed, failed_runs = failures(), bells = bells()})
end

local held = in_force(given.claim_id)
if not held then
  local spent_by = redis.call('GET', keys.spent(given.claim_id))
  return answer(spent_by == 'release' or spent_by == 'last_release', spent_by == 'last_release')
end

begin_even_when_full()
local run, unit = held.run, held.unit
if held.claim.started == 1 then
  unit.attempt = unit.attempt - 1
else
  unit.claims = unit.claims - 1
end
set_progress(held, 0)
unit.claim = ''
unit.delayed_ms = unit.delayed_ms + given.delay_ms
local is_last = unit.delayed_ms > most_delay_ms
spend(held.claim.id, is_last and 'last_release' or 'release')
if is_last then
  save_unit(unit)
  fail_run(run, 'transient_too_long')
  return answer(true, true)
end
if given.delay_ms > 0 then
  close_unit(run, unit)
  unit.state = 'delayed'
  redis.call('ZADD', keys.delayed, now + given.delay_ms, full_name(unit))
else
  put_back(run, unit, unit.order)
end
save_unit(unit)
touch(run)
return answer(true, false)
