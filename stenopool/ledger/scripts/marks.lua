-- marks: of each job that is known what changes with it. The caller has been shown these jobs before. Read only.
local marks = {}
for _, job_id in ipairs(given.job_ids) do
  local job = load_job(job_id)
  local run = job and load_run(job.tr)
  if run then
    local shown = job_ending(job, run)
    marks[#marks + 1] = {
      job_id = job_id,
      transcription_id = run.id,
      rev = tonumber(run.rev),
      state = shown.state,
      position = or_null(shown.position),
    }
  end
end
return #marks > 0 and cjson.encode(marks) or '[]'
