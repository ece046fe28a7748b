-- jobs_of: the jobs that wait on a live run, sorted; none once it ended. Read only.
local run = load_run(given.transcription_id)
return run and is_live(run) and cjson.encode(live_jobs(run)) or '[]'
