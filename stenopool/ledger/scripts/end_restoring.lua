-- end_restoring: every job is back; an unknown one does not exist.
redis.call('DEL', keys.restoring)
return 'null'
