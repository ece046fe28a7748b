-- find(digest): the newest live or completed run of a digest, or null. Read only.
local run = indexed_run(given.digest)
if not run then
  return 'null'
end
return cjson.encode({transcription_id = run.id, state = run.state, media_key = run.media})
