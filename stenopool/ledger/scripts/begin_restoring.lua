-- begin_restoring: from now on an unknown job may be one that was not restored yet. Answers the epoch that comes into
-- force with the rebuild: the one that was given first.
redis.call('SETNX', keys.restoring, given.epoch)
return cjson.encode(redis.call('GET', keys.restoring))
