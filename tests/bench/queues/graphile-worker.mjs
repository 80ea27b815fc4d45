// graphile-worker on DATABASE_URL, set as its documentation advises for the most jobs: taken and completed in batches.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { callers, jobs, jobsPerSecond, message, perSecond, tell } from './measure.mjs';

const BULK = 1000;
const CONCURRENCY = 24;

const connectionString = process.env.DATABASE_URL;
const pool = new pg.Pool({ connectionString, max: callers });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();

const payload = JSON.stringify(message);
const added = await perSecond(() => pool.query("select graphile_worker.add_job('message', $1::json)", [payload]));
await pool.query('truncate graphile_worker._private_jobs');

for (let left = jobs; left > 0; left -= BULK) {
  const batch = { length: Math.min(BULK, left) };
  await utils.addJobs(Array.from(batch, () => ({ identifier: 'message', payload: message })));
}
const preset = {
  worker: {
    connectionString,
    logger,
    concurrentJobs: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 2,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
const done = await jobsPerSecond((count) =>
  run({ preset, noHandleSignals: true, taskList: { message: async () => count() } }),
);
tell(added, done);
