-- restore: takes a job in as its manifest and the store tell of it, when the ledger was lost. Answers ok, or known for a
-- job that is there already; and the run in force. As submit, with given ids, without limits, and also without an epoch.
-- Told to bring, because the ledger's last writes may be lost, it answers brought where a job that is there was behind what
-- is told: it waited and had ended, or it was tried again since.
-- Each manifest decides about its own job, in whatever order they come. An open job joins its run, or makes it again;
-- a run stands as cancelled only until a job is found that did not leave it; one that is known to have failed
-- or completed has done so for all its jobs that did not. When Redis is full nothing is written: the first write adds.
local ending, restored = given.ending, 'ok'

-- Not while the ledger is filled again: then nothing has changed for anybody.
local function tell_restored(run_id)
  if redis.call('EXISTS', keys.epoch) == 0 or redis.call('EXISTS', keys.restoring) == 1 then
    return
  end
  local job, run = load_hash(keys.job(given.job_id)), load_run(run_id)
  tell_change(given.tenant, given.job_id, job.cancelled and 'cancelled' or run.state, run)
end

local function encode(outcome, run_id)
  return cjson.encode({outcome = outcome, transcription_id = run_id, failed_runs = failures(), bells = bells()})
end

local function answer(outcome, run_id)
  tell_restored(run_id)
  return encode(outcome, run_id)
end

local function take_in(run_id, is_hit)
  add_job(run_id, is_hit, given.submitted_ms)
  remember_request(math.min(idempotency_ms, given.submitted_ms + idempotency_ms - now))
end

-- In place of `own`, the run as it was known until now; the jobs that point at it stay.
local function make_again(own, add)
  local record = keys.run(given.transcription_id)
  local counts = redis.call('HMGET', record, 'jobs', 'readers')
  redis.call('DEL', record)
  forget_text(given.transcription_id)
  add()
  redis.call('HSET', record, 'jobs', counts[1], 'readers', counts[2])
  if own then
    redis.call('HINCRBY', record, 'rev', own.rev)
  end
end

-- A recording that was measured today has used its audio.
local function note_measure(tenant)
  if ending.audio_s and day_of(ending.ended_ms) == day_of(now) then
    add_to_day('measured_ms', tenant, to_ms(ending.audio_s))
  end
end

local function schedule(ended)
  schedule_job(given.job_id, {created = given.submitted_ms, keep = given.keep.result_ms}, ended)
end

local function add_ended_run()
  local record = keys.run(given.transcription_id)
  redis.call('HSET', record,
    'state', ending.state, 'digest', given.digest, 'identity', identity_name(ending.identity or given.identity),
    'pool', given.pool, 'tenant', given.tenant, 'lane', given.lane, 'media', given.media_key, 'work', given.work_key,
    'done_ms', to_ms(ending.audio_s or 0), 'attempt', 0, 'rev', 1, 'created', given.submitted_ms,
    'ended', ending.ended_ms, 'v', 1)
  local facts = {audio_s = ending.audio_s, transcript = ending.transcript_key, reason = ending.code, detail = ending.detail}
  for field, value in pairs(facts) do
    redis.call('HSET', record, field, value)
  end
  local run = {id = given.transcription_id, tenant = given.tenant, media = given.media_key}
  media_come(run, given.size_bytes)
  note_measure(given.tenant)
  local keep_ms = keeping(ending.state, ending.code, given.keep.media_ms, given.keep.failed_media_ms)
  if (due_at(run.media) or 0) > ending.ended_ms + keep_ms then
    run.media = '' -- another run needs them, or keeps them longer
  end
  schedule_run(run, ending.state, ending.ended_ms, keep_ms)
  -- Whether it had prepared anything is not known; who looks will see. As with the index, the newest comes first.
  local rest_ms = ending.ended_ms + keep_ms - now
  if ending.state ~= 'completed' and rest_ms > 0 then
    redis.call('SET', keys.left(given.digest), given.transcription_id, 'PX', string.format('%d', rest_ms), 'NX')
  end
  -- Days come newest first: who is in the index is newer, or lives.
  if ending.state == 'completed' and ending.identity == given.identity then
    redis.call('HSETNX', keys.digest_bucket(given.digest), keys.digest_field(given.digest), given.transcription_id)
  end
end

-- The job is one that has ended: its webhook is told, unless the store says that it was.
local function announce_ending(state, ended)
  for _, told in ipairs(given.told) do
    if told == state then
      return
    end
  end
  announce(given.job_id, {hook = given.has_hook, run = given.run_number}, state, ended)
end

-- The job waits for its run to end.
local function is_waiting(job, run)
  return not job.cancelled and is_live(run)
end

-- A manifest of an earlier try tells nothing of this one.
local function is_behind(job, run)
  local tries = given.run_number - job.run
  if tries < 0 or (run.state == 'completed' and not job.cancelled) then
    return false
  end
  return tries > 0 or (ending ~= nil and is_waiting(job, run))
end

-- A live run has ended as is told of it.
local function end_now(run)
  if ending.state == 'failed' then
    return fail_run(run, ending.code, ending.detail)
  end
  local audio_s = ending.audio_s or run.audio_s or 0
  if not run.audio_s then
    note_measure(run.tenant)
  end
  run.audio_s = audio_s
  redis.call('HSET', keys.run(run.id), 'audio_s', audio_s, 'done_ms', to_ms(audio_s))
  complete_run(run, ending.transcript_key, ending.identity and identity_name(ending.identity) or run.identity)
  if not ending.identity then
    clear_index(run)
  end
end

-- The job waits for the right run: it may have left it and come back, and it may have ended.
local function bring(job, run)
  job.run = given.run_number
  redis.call('HSET', keys.job(given.job_id), 'run', job.run)
  if not ending then
    return
  end
  if ending.state == 'cancelled' then
    redis.call('HSET', keys.job(given.job_id), 'cancelled', ending.ended_ms)
    tell_change(given.tenant, given.job_id, 'cancelled')
    job_closes(given.tenant)
    count_reader_out(run, job)
    leave_run(run, given.job_id)
    schedule(ending.ended_ms)
  else
    end_now(run)
    drop_deliveries(given.job_id, job)
  end
  announce_ending(ending.state, ending.ended_ms)
end

-- The job was tried again since: its record is made anew.
local function let_go(job, run)
  if is_waiting(job, run) then
    job_closes(given.tenant)
    leave_run(run, given.job_id)
  end
  drop_deliveries(given.job_id, job)
  repoint(given.job_id, job, run)
  redis.call('HDEL', keys.job(given.job_id), 'cancelled', 'hit')
  redis.call('HSET', keys.job(given.job_id), 'retry', given.transcription_id)
end

-- Puts the job on a run that is there: what becomes of the run becomes of the job.
local function attach(run)
  local is_foreign = run.id ~= given.transcription_id
  take_in(run.id, given.is_hit or (is_foreign and not is_live(run)))
  if is_live(run) then
    redis.call('SADD', keys.run_jobs(run.id), given.job_id)
    job_opens(given.tenant)
    raise_keeping(run)
    touch(run)
  else
    announce_ending(run.state, tonumber(run.ended))
    schedule(run.ended)
  end
  return answer(restored, run.id)
end

local function run_again(own)
  local other = indexed_run(given.digest)
  if other then
    return attach(other)
  end
  take_in(given.transcription_id, false)
  make_again(own, function() add_run(given.submitted_ms) end)
  job_opens(given.tenant)
  return answer(restored, given.transcription_id)
end

local function end_again(own)
  take_in(given.transcription_id, given.is_hit)
  make_again(own, add_ended_run)
  announce_ending(ending.state, ending.ended_ms)
  schedule(ending.ended_ms)
  return answer(restored, given.transcription_id)
end

local job = load_hash(keys.job(given.job_id))
if job then
  local run = load_run(job.tr)
  if job.deleting or not given.brings or not is_behind(job, run) then
    return encode('known', job.tr)
  end
  restored = 'brought'
  if is_waiting(job, run) and job.tr == given.transcription_id then
    bring(job, run)
    return encode(restored, run.id)
  end
  let_go(job, run)
end
local own = load_run(given.transcription_id)
local is_free = not own or own.state == 'cancelled'

if ending and ending.state == 'cancelled' then
  take_in(given.transcription_id, given.is_hit)
  redis.call('HSET', keys.job(given.job_id), 'cancelled', ending.ended_ms)
  redis.call('HINCRBY', keys.run(given.transcription_id), 'readers', -1)
  schedule(ending.ended_ms)
  if not own then
    add_ended_run()
  end
  announce_ending('cancelled', ending.ended_ms)
  return answer(restored, given.transcription_id)
end
if is_free then
  return ending and end_again(own) or run_again(own)
end
if ending and is_live(own) then
  take_in(own.id, given.is_hit)
  end_now(own)
  announce_ending(ending.state, now)
  schedule(now)
  return answer(restored, own.id)
end
return attach(own)
