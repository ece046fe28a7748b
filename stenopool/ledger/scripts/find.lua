-- find(digest): the newest live or completed run of a digest, or null. Read only.
local run_id = redis.call('HGET', keys.digest_bucket(given.digest), keys.digest_field(given.digest))
local run = run_id and load_run(run_id)
if not run then
  return 'null'
end
return cjson.encode({transcription_id = run.id, state = run.state, media_key = run.media})
