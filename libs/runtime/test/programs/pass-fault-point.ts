import { enableFaultPoints, faultPoint, messageOf } from "@peerbot/runtime";

// Passes one fault point and says how that went: pass-fault-point.ts [FOLDER]
enableFaultPoints(process.argv[2] || undefined);
try {
  await faultPoint("ingress.before-ack");
  process.stdout.write("passed");
} catch (error) {
  process.stdout.write(`threw ${messageOf(error)}`);
}
