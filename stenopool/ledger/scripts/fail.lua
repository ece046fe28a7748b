-- fail: an attempt failed. The recording's fault (input) fails the run at once; the unit's fault costs an attempt, the
-- third fails the run. Answers requeued, failed (and the run), already or refused.

local function answer(outcome)
  return cjson.encode({outcome = outcome, failed_runs = failures(), bells = bells()})
end

local held = in_force(given.claim_id)
if not held then
  return answer(already_or_refused(given.claim_id, 'fail'))
end

begin_even_when_full()
local unit = held.unit
if held.claim.started == 0 and given.blame == 'unit' then
  spend_attempt(held)
end
set_progress(held, 0)
spend(held.claim.id, 'fail')
unit.claim = ''
if given.blame == 'input' or unit.attempt >= 3 then
  save_unit(unit)
  fail_run(held.run, given.code, given.detail)
  return answer('failed')
end
put_back(held.run, unit, now)
save_unit(unit)
touch(held.run)
return answer('requeued')
