// BullMQ on the Redis at REDIS_PORT.
import { Queue, Worker } from 'bullmq';
import { jobs, jobsPerSecond, message, perSecond, tell } from './measure.mjs';

const BULK = 1000;
const CONCURRENCY = 50;

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
const opts = { removeOnComplete: true };
const queue = new Queue('messages', { connection });

const added = await perSecond(() => queue.add('message', message, opts));
await queue.obliterate({ force: true });

for (let left = jobs; left > 0; left -= BULK) {
  await queue.addBulk(Array.from({ length: Math.min(BULK, left) }, () => ({ name: 'message', data: message, opts })));
}
const done = await jobsPerSecond((count) => {
  new Worker('messages', async () => count(), { connection, concurrency: CONCURRENCY });
});
tell(added, done);
