-- Counters for whoever looks; the twin of stenopool/ledger/counts.py. Nothing is decided by them.
local run_seconds = {1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600}

local function count_one(name)
  redis.call('HINCRBY', keys.counts, name, 1)
end

-- A run ended in `state`, failed ones by `code`.
local function count_ending(run, state, code)
  count_one('ended.' .. state .. '.' .. (code or ''))
  local took_ms, bucket = math.max(0, now - tonumber(run.created)), 1
  while run_seconds[bucket] and took_ms > run_seconds[bucket] * 1000 do
    bucket = bucket + 1
  end
  count_one('run_s.' .. state .. '.' .. bucket)
  redis.call('HINCRBY', keys.counts, 'run_ms.' .. state, took_ms)
end

