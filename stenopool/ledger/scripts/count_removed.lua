-- count_removed: something was removed from the store that the ledger did not know; for whoever looks.
begin_even_when_full()
redis.call('HINCRBY', keys.counts, 'removed.' .. given.kind, given.number)
return 'null'
