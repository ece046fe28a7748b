-- end_restoring: every job is back; an unknown one does not exist. Nothing when another rebuild has begun meanwhile.
if redis.call('GET', keys.restoring) == given.epoch then
  redis.call('DEL', keys.restoring)
end
return 'null'
