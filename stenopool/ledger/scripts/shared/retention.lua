-- Retention: when what is over goes. `due` holds the moment for each thing that will go, under a name that tells where
-- its bytes are: job/<id> (first its result, then the job), result/<run> (the transcript), tr/<run> (transcript and
-- record), work/<run>, pcm/<run> (only the decoded audio of its work), media/<upload>. Media that a live run needs stand
-- there too, never to go: what is not there is unknown to the ledger. A run counts the jobs whose record points at it,
-- `jobs`, and those of them that may read its transcript, `readers`.
local longest_told_ms = 7 * 24 * 3600 * 1000

local function go_at(member, moment)
  redis.call('ZADD', keys.due, moment, member)
end

local function due_at(member)
  return tonumber(redis.call('ZSCORE', keys.due, member) or nil)
end

-- Whether media are in the store and stay there for a while; who asks may make a run of them.
local function are_kept(media)
  local moment = due_at(media)
  return moment ~= nil and moment > now
end

-- A run begins to need its media; what an earlier life of it left to go stays.
local function keep_for(run)
  redis.call('ZADD', keys.due, '+inf', run.media)
  redis.call('ZREM', keys.due, 'work/' .. run.id, 'pcm/' .. run.id)
end

-- A run is over: what it needed goes, sooner or later, but for media that another one needs still. Nobody takes over the
-- work of one that is completed.
local function schedule_run(run, state, ended, keep_ms)
  if run.media ~= '' and not is_media_shared(run, true) then
    go_at(run.media, ended + keep_ms)
  end
  if state == 'completed' then
    go_at('work/' .. run.id, ended)
  else
    go_at('pcm/' .. run.id, ended)
    go_at('work/' .. run.id, ended + keep_ms)
  end
end

-- A run ended badly. What was prepared of it is left for the next try of its digest, as long as its work is kept.
local function leave_work(run, keep_ms)
  if run.audio_s and keep_ms > 0 then
    redis.call('SET', keys.left(run.digest), run.id, 'PX', string.format('%d', keep_ms))
  end
end

-- Its work goes before its time.
local function forget_left(run)
  if redis.call('GET', keys.left(run.digest)) == run.id then
    redis.call('DEL', keys.left(run.digest))
  end
end

-- The longest wish among the jobs of a live run counts for its media.
local function raise_keeping(run)
  for field, wish in pairs({keep_media = given.keep.media_ms, keep_failed = given.keep.failed_media_ms}) do
    if tonumber(run[field]) < wish then
      redis.call('HSET', keys.run(run.id), field, wish)
    end
  end
end

-- How long media stay after an end in `state`. Infected ones not at all: whoever found that has removed them already.
local function keeping(state, reason, media_ms, failed_media_ms)
  if reason == 'infected' then
    return 0
  end
  return tonumber(state == 'failed' and failed_media_ms or media_ms)
end

-- A job has ended at `ended`: its result stays for as long as was agreed.
local function schedule_job(job_id, job, ended)
  go_at('job/' .. job_id, math.max(tonumber(ended), tonumber(job.created)) + job.keep)
end

-- All jobs of a run that ends now. Not their whole records: there may be a thousand.
local function schedule_jobs(job_ids)
  for _, job_id in ipairs(job_ids) do
    local found = redis.call('HMGET', keys.job(job_id), 'created', 'keep')
    schedule_job(job_id, {created = found[1], keep = found[2]}, now)
  end
end

local function count_in(run_id, reads)
  local media = redis.call('HGET', keys.run(run_id), 'media')
  if redis.call('HINCRBY', keys.run(run_id), 'jobs', 1) == 1 and media then
    name_media(media, run_id, true)
  end
  redis.call('HINCRBY', keys.run(run_id), 'readers', reads and 1 or 0)
  redis.call('ZREM', keys.due, 'tr/' .. run_id)
  if reads then
    redis.call('ZREM', keys.due, 'result/' .. run_id)
  end
end

-- No job points at the run any more, if that was the last.
local function count_out(run)
  local is_last = redis.call('HINCRBY', keys.run(run.id), 'jobs', -1) == 0
  if is_last then
    name_media(run.media, run.id, false)
  end
  return is_last
end

local function reads_result(job)
  return not (job.cancelled or job.expired or job.deleting)
end

-- The job that points at a run, nil also for one that is being deleted.
local function load_job(job_id)
  local job = load_hash(keys.job(job_id))
  return job and not job.deleting and job or nil
end
