-- Names of all keys; the twin of stenopool/ledger/keys.py.
local keys = {
  epoch = 'steno:epoch',
  restoring = 'steno:restoring',
  redis_run = 'steno:run_id',
  tick = 'steno:tick',
  claims = 'steno:claims',
  leases = 'steno:leases',
  delayed = 'steno:delayed',
  identities = 'steno:identities',
  pools = 'steno:pools',
  drained = 'steno:drained',
  counts = 'steno:count',
  outbox = 'steno:outbox',
  event_clock = 'steno:events',
  use = 'steno:use',
  media = 'steno:media',
  days = 'steno:days',
  due = 'steno:due',
}

function keys.job(job_id) return 'steno:job:' .. job_id end
function keys.run(run_id) return 'steno:tr:' .. run_id end
function keys.run_jobs(run_id) return keys.run(run_id) .. ':jobs' end
function keys.run_units(run_id) return keys.run(run_id) .. ':units' end
function keys.run_waiting(run_id) return keys.run(run_id) .. ':wait' end
function keys.run_options(run_id) return keys.run(run_id) .. ':options' end
function keys.lanes(pool) return 'steno:q:' .. pool end
function keys.tenants(pool, lane) return keys.lanes(pool) .. ':' .. lane end
function keys.queue(pool, lane, tenant) return keys.tenants(pool, lane) .. ':' .. tenant end
function keys.open_units(pool) return 'steno:open:' .. pool end
function keys.sums(pool) return 'steno:sum:' .. pool end
function keys.digest_bucket(digest) return 'steno:dg:' .. digest:sub(1, 3) end
function keys.digest_field(digest) return digest:sub(4) end
function keys.left(digest) return 'steno:left:' .. digest end
function keys.idempotency(tenant, key_hash) return 'steno:idem:' .. tenant .. ':' .. key_hash end
function keys.tenant_jobs(tenant) return 'steno:tenant:' .. tenant .. ':jobs' end
function keys.tenant_external(tenant, external_hash) return 'steno:tenant:' .. tenant .. ':ext:' .. external_hash end
function keys.delivery(delivery_id) return 'steno:outbox:' .. delivery_id end
function keys.taken_deliveries(take_id) return 'steno:outbox:take:' .. take_id end
function keys.day(day) return 'steno:day:' .. day end
function keys.deleted(job_id) return 'steno:deleted:' .. job_id end
function keys.spent(claim_id) return 'steno:spent:' .. claim_id end
function keys.worker(worker_id) return 'steno:worker:' .. worker_id end
function keys.pool_workers(pool) return 'steno:workers:' .. pool end
function keys.pool_register(pool) return 'steno:pool:' .. pool end
function keys.events(run_id) return 'steno:ev:' .. run_id end
function keys.event_jobs(run_id) return keys.events(run_id) .. ':jobs' end
function keys.run_told(run_id) return keys.run(run_id) .. ':told' end
function keys.tenant_events(tenant) return 'steno:tenant:' .. tenant .. ':ev' end
function keys.tenant_told(tenant) return 'steno:tenant:' .. tenant .. ':told' end

