import { enableFaultPoints, faultPoint, messageOf } from "@peerbot/runtime";

// Passes one fault point and says how that went, with `tick` also what else happened meanwhile:
// pass-fault-point.ts [FOLDER [tick]]
enableFaultPoints(process.argv[2] || undefined);
const isTicking = process.argv[3] === "tick";
let ticks = 0;
const clock = isTicking ? setInterval(() => ticks++, 20) : undefined;
try {
  await faultPoint("ingress.before-ack");
  process.stdout.write(isTicking ? `passed after ${ticks} ticks` : "passed");
} catch (error) {
  process.stdout.write(`threw ${messageOf(error)}`);
} finally {
  clearInterval(clock);
}
