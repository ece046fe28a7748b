-- set_epoch: gives a ledger without an epoch this one; answers the epoch in force. A ledger that begins is whole.
if redis.call('SETNX', keys.epoch, given.epoch) == 1 then
  note_redis_run()
end
begin_events()
return cjson.encode(redis.call('GET', keys.epoch))
