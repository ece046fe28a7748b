-- find(digest): the newest live or completed run of a digest, or null; and the last one that ended badly and left work, or
-- null. And whether a submission would be refused because the
-- ledger is lost, or because the earlier job of its key may not be back yet: asked before anything of it is stored, or
-- each repetition of a client would be a job of its own once the ledger is filled again. Read only.
local run = indexed_run(given.digest)
return cjson.encode({
  run = run and {transcription_id = run.id, state = run.state, media_key = run.media} or cjson.null,
  former = or_null(redis.call('GET', keys.left(given.digest))),
  ledger_lost = redis.call('EXISTS', keys.epoch) == 0 or is_earlier_request_unsure(),
})
