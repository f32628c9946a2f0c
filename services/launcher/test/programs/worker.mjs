// A worker for tests: tells the gateway that it is there, or that it waits for a run, and leaves with the exit code the
// gateway answers.
if (process.env.GATEWAY_URL.endsWith("/stubborn")) process.on("SIGTERM", () => {});
const { START_TOKEN, STANDBY_TOKEN } = process.env;
const body = JSON.stringify({
  token: START_TOKEN ?? STANDBY_TOKEN,
  pid: process.pid,
  isWaiting: START_TOKEN === undefined,
});
const answer = await fetch(`${process.env.GATEWAY_URL}/arrive`, { method: "POST", body });
const { exitCode } = await answer.json();
process.exit(exitCode);
