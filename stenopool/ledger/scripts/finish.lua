-- finish: commits `assemble`; the run is completed. It stays in the index only if what ran is what the digest says.
-- Answers ok, already or refused.
local held = in_force(given.claim_id)
if not held or held.unit.kind ~= 'assemble' then
  return cjson.encode({outcome = already_or_refused(given.claim_id, 'finish'), bells = bells()})
end

begin_even_when_full()
local run, identity = held.run, identity_name(given.identity)
complete_unit(held, 'finish')
end_run(run, 'completed', {transcript = given.transcript_key, identity = identity})
redis.call('HDEL', keys.run(run.id), 'plan') -- nobody takes over the work of a run that is done
if identity ~= run.identity then
  clear_index(run)
end
return cjson.encode({outcome = 'ok', bells = bells()})
