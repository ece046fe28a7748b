-- overdue: what is to go, longest due first, `limit` at most; none while not every job is known. And the ledger's epoch:
-- nothing is removed from a store that has another. Read only.
local members = is_whole() and redis.call('ZRANGEBYSCORE', keys.due, '-inf', now, 'LIMIT', 0, given.limit) or {}
return cjson.encode({members = members[1] and members, epoch = or_null(redis.call('GET', keys.epoch))})
