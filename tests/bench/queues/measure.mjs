// What both programs do: node PROGRAM CALLERS SECONDS JOBS prints {"add_per_second":…,"jobs_per_second":…}
export const [callers, seconds, jobs] = process.argv.slice(2).map(Number);

/** What a job carries: a queued message, of the same fields and length as Heliograph's own. */
export const message = {
  session_id: '00000000-0000-7000-8000-000000000001',
  to: '+6281000000000',
  body: 'Your order 2026-11831 has left our warehouse and should be with you tomorrow before noon.',
  priority: 'normal',
  at: '2026-11-21T08:00:00.123456Z',
};

/** So many callers call `act`, each again as soon as it is done, for a while; how many times in a second. */
export async function perSecond(act) {
  let count = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const caller = async () => {
    while (performance.now() < end) {
      await act();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (count * 1000) / (performance.now() - started);
}

/** Starts workers by `start`, which is given what to call for each job; how many jobs are done in a second. */
export async function jobsPerSecond(start) {
  const started = performance.now();
  let done = 0;
  await new Promise((resolve, reject) => {
    const count = () => {
      done += 1;
      if (done === jobs) resolve();
    };
    Promise.resolve(start(count)).catch(reject);
  });
  return (jobs * 1000) / (performance.now() - started);
}

export function tell(add_per_second, jobs_per_second) {
  process.stdout.write(`${JSON.stringify({ add_per_second, jobs_per_second })}\n`, () => process.exit(0));
}
