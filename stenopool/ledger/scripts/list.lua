-- list: a tenant's jobs, newest first, those of the same millisecond by id; all of them or the ones under one external
-- id, from behind a cursor, created in a stretch of time, in one of some states. Read only.
-- Looks at no more than `scan` jobs, so that one call never holds Redis up: with a filter by state a page may be short,
-- even empty, and still not be the last. `next` is the last job looked at, null when there are no more.
local source = keys.tenant_jobs(given.tenant)
if given.external_hash then
  source = keys.tenant_external(given.tenant, given.external_hash)
end

local function first_rank()
  local rank = 0
  if given.before_ms then
    rank = redis.call('ZCOUNT', source, given.before_ms, '+inf')
  end
  if given.behind then
    local own = redis.call('ZREVRANK', source, given.behind.job_id)
    -- A cursor outlives its job: then all of its millisecond are looked at once more.
    rank = math.max(rank, own and own + 1 or redis.call('ZCOUNT', source, '(' .. given.behind.created_ms, '+inf'))
  end
  return rank
end

local function entry(rank)
  local found = redis.call('ZREVRANGE', source, rank, rank, 'WITHSCORES')
  if found[1] and tonumber(found[2]) >= (given.since_ms or 0) then
    return {job_id = found[1], created_ms = tonumber(found[2])}
  end
end

local function is_behind_cursor(found)
  local cursor = given.behind
  return not cursor or found.created_ms ~= cursor.created_ms or found.job_id < cursor.job_id
end

local function is_wanted(shown)
  if not given.states then
    return true
  end
  for _, state in ipairs(given.states) do
    if shown.state == state then
      return true
    end
  end
  return false
end

local function shown_job(found)
  local job = load_job(found.job_id)
  local run = job and load_run(job.tr)
  return run and job_record(found.job_id, job, run)
end

local jobs, first, looked, last = {}, first_rank(), 0, nil
local found = entry(first)
while found and looked < given.scan and #jobs < given.limit do
  local shown = is_behind_cursor(found) and shown_job(found)
  if shown and is_wanted(shown) then
    jobs[#jobs + 1] = shown
  end
  looked, last = looked + 1, found
  found = entry(first + looked)
end
return cjson.encode({
  jobs = #jobs > 0 and jobs or nil,
  next = or_null(found and last),
  ledger_lost = redis.call('EXISTS', keys.epoch) == 0 or redis.call('EXISTS', keys.restoring) == 1,
})
