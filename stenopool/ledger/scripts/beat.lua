-- beat: renews the leases of all claims that a worker holds, also of one that ran out while nobody took its unit. The
-- first beat that says `started` spends the attempt. Answers per claim: go, or lost (the run ended, or the unit has
-- another holder).

local function renew(held, beat)
  local claim, unit = held.claim, held.unit
  redis.call('ZADD', keys.leases, now + given.lease_ms, claim.id)
  if unit.state == 'waiting' then
    leave_waiting(held.run, unit)
    unit.state = 'leased'
    touch(held.run)
  end
  if beat.started and claim.started == 0 then
    claim.started = 1
    spend_attempt(held)
  end
  claim.rearmed = 0
  set_progress(held, to_ms(beat.done_s))
  save_claim(claim)
  save_unit(unit)
end

begin_even_when_full()
local verdicts = {}
for _, beat in ipairs(given.claims) do
  local held = in_force(beat.claim_id)
  if held then
    renew(held, beat)
  end
  verdicts[beat.claim_id] = held and 'go' or 'lost'
end
return cjson.encode({verdicts = verdicts, bells = bells()})
