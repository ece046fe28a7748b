-- unregister: a worker leaves in order and counts as alive no longer.
redis.call('DEL', keys.worker(given.worker_id))
for _, pool in ipairs(redis.call('SMEMBERS', keys.pools)) do
  redis.call('ZREM', keys.pool_workers(pool), given.worker_id)
end
return 'null'
