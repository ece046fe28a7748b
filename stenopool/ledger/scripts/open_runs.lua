-- open_runs: all runs that live, each of which has a unit that waits, is held or is delayed. Read only. Takes as long as there
-- are such units.
local runs = open_runs()
return runs[1] and cjson.encode(runs) or '[]'
