-- Lives of Redis: each start has a name of its own, and so has whoever takes over from it. What was written last before
-- may be lost then, and the store knows more than the ledger until the two were compared.

-- Nil where a managed Redis forbids the question.
local function redis_run()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and info:match('\nrun_id:(%x+)') or nil
end

-- The ledger is whole in this life.
local function note_redis_run()
  local run_id = redis_run()
  if run_id then
    redis.call('SET', keys.redis_run, run_id)
  end
end

local function may_be_behind()
  local whole = redis.call('GET', keys.redis_run)
  return whole and whole ~= redis_run()
end

