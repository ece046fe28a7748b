-- finish: commits `assemble`; the run is completed. It stays in the index only if what ran is what the digest says.
-- Answers ok, already or refused.
local held = in_force(given.claim_id)
if not held or held.unit.kind ~= 'assemble' then
  return cjson.encode({outcome = already_or_refused(given.claim_id, 'finish'), bells = bells()})
end

-- Takes note of how fast the pool's workers are: a sum in which each run counts a tenth less than the one after it.
local function note_speed(run)
  if not run.begun or tonumber(run.begun) >= now then
    return
  end
  local register = keys.pool_register(run.pool)
  for field, ms in pairs({heard_ms = to_ms(run.audio_s), took_ms = now - run.begun}) do
    local before = tonumber(redis.call('HGET', register, field) or 0)
    redis.call('HSET', register, field, math.floor(before * 9 / 10) + ms)
  end
end

begin_even_when_full()
local run, identity = held.run, identity_name(given.identity)
complete_unit(held, 'finish')
note_speed(run)
complete_run(run, given.transcript_key, identity)
return cjson.encode({outcome = 'ok', bells = bells()})
