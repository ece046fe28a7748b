-- redis_run: in which life of Redis the ledger was last known to be whole, in which it is now, and when it was last swept;
-- null for what is not known. Read only.
return cjson.encode({
  whole = or_null(redis.call('GET', keys.redis_run)),
  current = or_null(redis_run()),
  tick_ms = or_null(tonumber(redis.call('GET', keys.tick) or nil)),
})
