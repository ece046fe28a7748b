-- read_epoch: the ledger's epoch, null when it is new or lost. Read only.
return cjson.encode(or_null(redis.call('GET', keys.epoch)))
