-- abandon: a child is known to be dead; all its leases run out now. Answers how many did, and which runs failed by it.
begin_even_when_full()
local claim_ids = redis.call('ZRANGE', keys.leases, 0, -1)
table.sort(claim_ids)
local count = 0
for _, claim_id in ipairs(claim_ids) do
  -- A run that failed a moment ago has taken its other claims with it.
  local held = in_force(claim_id)
  if held and held.claim.worker == given.worker then
    expire(held)
    count = count + 1
  end
end
return cjson.encode({claims = count, failed_runs = failures(), bells = bells()})
