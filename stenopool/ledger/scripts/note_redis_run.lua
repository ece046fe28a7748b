-- note_redis_run: the ledger is whole in this life of Redis. Nothing when it is in another one by now.
if redis_run() == given.run_id then
  note_redis_run()
end
return 'null'
