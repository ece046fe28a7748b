-- strangers: which of these the ledger does not know: job/<id>, tr/<id>, media/<upload>. A job that was deleted is known,
-- as such, for two days. Read only; answers none while not every job is known.
local known = {}

function known.job(job_id)
  return redis.call('EXISTS', keys.job(job_id), keys.deleted(job_id)) > 0
end

function known.tr(run_id)
  return redis.call('EXISTS', keys.run(run_id)) > 0 or due_at('work/' .. run_id) ~= nil or due_at('tr/' .. run_id) ~= nil
end

local strangers = {}
for _, member in ipairs(is_whole() and given.members or {}) do
  local kind, id = member:match('^([^/]*)/(.*)$')
  local is_known = known[kind] and known[kind](id) or due_at(member)
  if not is_known then
    strangers[#strangers + 1] = member
  end
end
return #strangers > 0 and cjson.encode(strangers) or '[]'
