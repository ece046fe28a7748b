-- open_restored: the epoch of a rebuild comes into force, if Redis still is the one in which it began and has none yet.
-- Answers the epoch in force, null for none.
if redis.call('GET', keys.restoring) == given.epoch and redis.call('SETNX', keys.epoch, given.epoch) == 1 then
  note_redis_run()
  begin_events()
end
return cjson.encode(or_null(redis.call('GET', keys.epoch)))
