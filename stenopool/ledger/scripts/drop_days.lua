-- drop_days: these days stand in the store for good; the ledger forgets what it counted of them. Never of today.
begin_even_when_full()
for _, day in ipairs(given.days) do
  if tonumber(day) < tonumber(day_of(now)) then
    redis.call('DEL', keys.day(day))
    redis.call('SREM', keys.days, day)
  end
end
return 'null'
