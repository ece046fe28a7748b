-- note_delivery: what became of a delivery in hand: it is tried again after a delay, or it is out of the outbox. Nothing
-- when another has it in hand; but what was delivered is delivered, whoever says so. Answers nothing.
local record = keys.delivery(given.delivery_id)
local entry = load_hash(record)

begin_even_when_full()
if not entry or (entry.taken ~= given.take_id and given.outcome ~= 'delivered') then
  return 'null'
end
if given.outcome then
  count_one('webhook.' .. given.outcome)
end
if not given.delay_ms then
  drop_delivery(given.delivery_id)
  return 'null'
end
redis.call('HDEL', record, 'taken')
redis.call('ZADD', keys.outbox, now + given.delay_ms, given.delivery_id)
if given.outcome then
  local attempt = now .. ',' .. (given.status or '') .. ',' .. given.reason
  redis.call('HSET', record, 'attempts', entry.attempts and entry.attempts .. ';' .. attempt or attempt)
end
return 'null'
