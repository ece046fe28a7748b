-- life: the ledger's epoch, and the one under which it is being restored; null for what is not there. Read only.
return cjson.encode({epoch = or_null(redis.call('GET', keys.epoch)), restoring = or_null(redis.call('GET', keys.restoring))})
