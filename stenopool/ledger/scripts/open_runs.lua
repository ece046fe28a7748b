-- open_runs: all runs that live, each of which has a unit that waits, is held or is delayed. Read only. Takes as long as there
-- are such units.
local found, runs = {}, {}

local function note(members)
  for _, member in ipairs(members) do
    local run_id = member:match('^[^/]*')
    if not found[run_id] then
      found[run_id] = true
      runs[#runs + 1] = run_id
    end
  end
end

for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  note(redis.call('ZRANGE', keys.open_units(pool), 0, -1))
end
note(redis.call('ZRANGE', keys.delayed, 0, -1))
table.sort(runs)
return runs[1] and cjson.encode(runs) or '[]'
