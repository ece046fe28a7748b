-- strangers: which of these the ledger does not know: job/<id>, tr/<id>, media/<upload>. A run without jobs is unknown but
-- for work that another one takes over. Read only; answers none while not every job is known.
local known = {}

function known.job(job_id)
  return redis.call('EXISTS', keys.job(job_id)) == 1
end

function known.tr(run_id)
  local jobs, kept = redis.call('HGET', keys.run(run_id), 'jobs'), due_at('work/' .. run_id)
  return tonumber(jobs or 0) > 0 or (kept ~= nil and kept > now)
end

local strangers = {}
for _, member in ipairs(is_whole() and given.members or {}) do
  local kind, id = member:match('^([^/]*)/(.*)$')
  local is_known = known[kind] and known[kind](id) or not known[kind] and due_at(member)
  if not is_known then
    strangers[#strangers + 1] = member
  end
end
return #strangers > 0 and cjson.encode(strangers) or '[]'
