-- set_epoch: gives a ledger without an epoch this one; answers the epoch in force.
redis.call('SETNX', keys.epoch, given.epoch)
begin_events()
return cjson.encode(redis.call('GET', keys.epoch))
